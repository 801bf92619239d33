// A form with data-counterfoil sends itself, keeps what was typed until it is accepted, and shows its receipt.
// Without this script it posts as every form does. `make snippet` makes gateway/static/counterfoil.js of it.
(() => {
  "use strict";

  const TEXTS = {
    sending: "Sending …",
    waiting: "Not sent yet. What you typed is kept, and sent again by itself.",
    refused: "This could not be sent.",
    accepted: "Received.",
    stored: "Stored.",
    confirmed: "Stored, and confirmed by mail.",
    failed: "Stored, but the confirmation could not be mailed.",
  };
  const PATIENCE_MS = 30_000;
  const WAIT_MOST_S = 60;

  const headers = { Accept: "application/json" };
  const make = (kind, values) => Object.assign(document.createElement(kind), values);
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const json = (response) => response.json().catch(() => ({}));
  const address = (form) => form.getAttribute("action"); // form.action may be a field of that name

  /** Tell the page; false when it took over with preventDefault. */
  const tell = (form, name, detail) =>
    form.dispatchEvent(new CustomEvent("counterfoil:" + name, { bubbles: true, cancelable: true, detail }));

  /** Show a state: in the element that data-counterfoil names, else in one after the form. */
  const say = (form, state, text, href) => {
    form.counterfoil ||= document.getElementById(form.dataset.counterfoil) || make("p");
    const status = form.counterfoil;
    if (!status.isConnected) form.after(status);
    status.setAttribute("role", "status");
    status.dataset.state = state;
    status.textContent = text || form.dataset[state] || TEXTS[state];
    if (href) status.append(" ", make("a", { href, textContent: form.dataset.receipt || "Receipt" }));
  };

  // What was typed and its key, over a reload. A form with a password or a file is kept as long as the page only.

  const place = (form) => "counterfoil" + [...document.forms].indexOf(form) + address(form);
  const inputs = (form) => [...form.querySelectorAll("input:not([type=hidden]), textarea, option")];
  const load = (form) => {
    try {
      return JSON.parse(sessionStorage[place(form)]);
    } catch {
      return {};
    }
  };
  const keep = (form, job) => {
    if (form.querySelector("[type=password], [type=file]")) return;
    const typed = inputs(form).map(({ value, checked, selected }) => ({ value, checked, selected }));
    try {
      sessionStorage[place(form)] = JSON.stringify({ ...job, typed });
    } catch {} // no storage here
  };
  const forget = (form) => {
    try {
      delete sessionStorage[place(form)];
    } catch {}
  };
  const restore = (form, typed) => {
    const found = inputs(form);
    if (typed?.length === found.length) found.forEach((input, index) => Object.assign(input, typed[index]));
  };

  // What is wrong, beside its field, until that is typed in again.

  const notes = new Map();
  const mark = (form, error) => {
    const field = [...form.elements].find(({ name, type }) => name === error.field && type !== "hidden");
    if (!field || notes.has(field)) return field;
    const help = field.getAttribute("aria-describedby") || "";
    const id = "counterfoil-error-" + notes.size;
    const note = make("span", { id, help, className: "counterfoil-error", textContent: error.message });
    notes.set(field, note);
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", help + " " + id);
    (field.closest("label") || field).after(note);
    return field;
  };
  const mend = (form, name) => {
    for (const [field, note] of notes) {
      if (field.form !== form || (name && field.name !== name)) continue;
      field.removeAttribute("aria-invalid");
      field.setAttribute("aria-describedby", note.help);
      note.remove();
      notes.delete(field);
    }
  };

  /** Show how far the submission has come: by its event stream, else by asking. */
  const follow = (form, url) => {
    const show = (receipt) => {
      say(form, receipt.state, "", url);
      tell(form, "receipt", receipt);
      return receipt.final;
    };
    const ask = async () => {
      const response = await fetch(url, { headers: { ...headers, Prefer: "wait=20" } }).catch(() => 0);
      if (response.ok ? show(await json(response)) : response.status < 500) return;
      await pause(3000);
      ask();
    };
    const events = new EventSource(url + "/events");
    events.addEventListener("receipt", (event) => show(JSON.parse(event.data)) && events.close());
    events.addEventListener("error", () => events.readyState === EventSource.CLOSED && ask());
  };

  /** Post until there is a definite answer; what has none may have been accepted, and the key makes it one. */
  const post = async (form, job) => {
    const body = form.enctype === "multipart/form-data" ? new FormData() : new URLSearchParams();
    for (const [name, value] of job.data) body.append(name, value);
    body.set("_idempotency_key", job.key); // a field and no header: that would cost a preflight
    for (let wait_s = 1; ; wait_s = Math.min(WAIT_MOST_S, wait_s * 2)) {
      const signal = AbortSignal.timeout?.(PATIENCE_MS);
      const response = await fetch(address(form), { method: "POST", body, headers, signal }).catch(() => 0);
      const { status } = response;
      const answer = response && (await json(response));
      if (answer.id || (status >= 400 && status < 500 && status !== 429)) return { answer, status };
      const asked_s = (response && +response.headers.get("Retry-After")) || 0;
      const seconds = Math.max(wait_s, asked_s) * (1 + Math.random() / 2);
      job.unsure = true;
      keep(form, { ...job, sending: true });
      say(form, "waiting");
      tell(form, "waiting", { seconds });
      await pause(seconds * 1000);
    }
  };

  const send = async (form, { data, key, unsure }) => {
    const job = { data, key, unsure };
    form.inert = true;
    mend(form);
    keep(form, { ...job, sending: true });
    say(form, "sending");
    const { answer, status } = await post(form, job);
    form.inert = false;
    if (answer.id) accepted(form, answer);
    else refused(form, answer, status === 409 ? {} : job);
  };
  const refused = (form, answer, job) => {
    keep(form, job);
    const errors = answer.errors || [];
    const fields = errors.map((error) => mark(form, error));
    const general = errors.filter((_, index) => !fields[index]).map(({ message }) => message);
    say(form, "refused", [...new Set([answer.error, ...general])].join(" "));
    fields.find(Boolean)?.focus();
    tell(form, "refused", answer);
  };
  const accepted = (form, answer) => {
    forget(form);
    HTMLFormElement.prototype.reset.call(form);
    say(form, "accepted", "", answer.receipt_url);
    if (!tell(form, "accepted", answer)) return;
    if (answer.next !== answer.receipt_url || form.dataset.then === "receipt") location = answer.next;
    else follow(form, answer.receipt_url);
  };

  addEventListener("input", ({ target }) => target.form && mend(target.form, target.name));
  addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("[data-counterfoil]")) return;
    event.preventDefault();
    if (form.inert) return;
    const data = [...new FormData(form, event.submitter)];
    const last = load(form);
    const key = [...crypto.getRandomValues(new Uint32Array(4))].join("-"); // randomUUID needs https
    const again = last.unsure || JSON.stringify(data) === JSON.stringify(last.data);
    send(form, again ? { ...last, data } : { data, key });
  });
  for (const form of document.querySelectorAll("form[data-counterfoil]")) {
    const job = load(form);
    restore(form, job.typed);
    if (job.sending) send(form, job);
  }
})();
