// A form with data-counterfoil sends itself, keeps what was typed until it is accepted, and shows its receipt.
// Without this script it posts as every form does. `make snippet` makes gateway/pages/static/counterfoil.js of it.
(() => {
  "use strict";

  const TEXTS = {
    sending: "Sending …",
    waiting: "Not sent yet. What you typed is kept, and sent again by itself.",
    refused: "This could not be sent.",
    error: "1 field needs your attention.",
    errors: "# fields need your attention.",
    accepted: "Received.",
    stored: "Stored.",
    confirmed: "Stored, and confirmed by mail.",
    failed: "Stored, but the confirmation could not be mailed.",
    unsent: "Stored; no confirmation has been sent.",
    erased: "Erased.",
  };
  const PATIENCE_MS = 30_000;
  const WAIT_MOST_S = 60;
  const OURS = "[data-counterfoil]";

  const headers = { Accept: "application/json" };
  const make = (kind, values) => Object.assign(document.createElement(kind), values);
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const json = (response) => response.json().catch(() => ({}));
  const text = (form, name) => form.dataset[name] || TEXTS[name];
  const address = (form) => form.getAttribute("action"); // form.action may be a field of that name

  /** Tell the page; false when it took over with preventDefault. */
  const tell = (form, name, detail) =>
    form.dispatchEvent(new CustomEvent("counterfoil:" + name, { bubbles: true, cancelable: true, detail }));

  /** Show a state: in the element that data-counterfoil names, else in one after the form. */
  const say = (form, state, words, href) => {
    form.counterfoil ||= document.getElementById(form.dataset.counterfoil) || make("p");
    const status = form.counterfoil;
    if (!status.isConnected) form.after(status);
    status.setAttribute("role", "status");
    status.dataset.state = state;
    status.textContent = words || text(form, state);
    if (href) status.append(" ", make("a", { href, textContent: form.dataset.receipt || "Receipt" }));
  };

  /** What the browser itself would post. An address to go to is made absolute: the gateway may not learn the folder. */
  const read = (form, button) =>
    [...new FormData(form, button)].map(([name, value]) => [
      name,
      value && /^_(next|redirect)$/.test(name) ? make("a", { href: value }).href : value,
    ]);

  // What was typed and its key, over a reload. A form with a password, a file or what is marked data-sensitive is kept
  // as long as the page only.

  const place = (form) => "counterfoil" + [...document.forms].indexOf(form) + address(form);
  const inputs = ({ elements }) =>
    [...elements].flatMap((one) => (one.type === "hidden" ? [] : [...(one.options || [one])]));
  const load = (form) => {
    try {
      return JSON.parse(sessionStorage[place(form)]);
    } catch {
      return {};
    }
  };
  const keep = (form, job) => {
    if (form.querySelector("[type=password], [type=file], [data-sensitive]")) return;
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

  // What is wrong: a summary on top with links, and each error before its field, until that is typed in again. A page
  // of the gateway's that was made with errors in it has the same elements, and its count goes down as well.

  const find = (form, selector) => [...form.querySelectorAll(".counterfoil-error" + selector)];
  const mark = (form, { field: wanted, message }) => {
    const field = wanted && [...form.elements].find(({ name, type }) => name === wanted && type !== "hidden");
    const item = make("li", { textContent: field ? "" : message });
    if (!field) return item;
    field.id ||= place(form) + wanted.replace(/\s/g, "-");
    const onclick = (event) => {
      event.preventDefault(); // a page may keep its state in the fragment
      field.focus();
    };
    item.append(make("a", { href: "#" + field.id, textContent: message, onclick }));
    const id = field.id + "-error";
    if (document.getElementById(id)) return item;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", ((field.getAttribute("aria-describedby") || "") + " " + id).trim());
    (field.closest("label") || field).before(
      make("span", { id, className: "counterfoil-error", textContent: message }),
    );
    return item;
  };
  const list = (form, items) => {
    const box = make("div", { className: "counterfoil-errors", tabIndex: -1 });
    box.setAttribute("role", "alert");
    const all = make("ul");
    all.append(...items);
    box.append(make("p"), all);
    form.prepend(box);
    count(form);
    box.focus();
  };
  const count = (form) => {
    const left = find(form, "s a").length;
    for (const box of find(form, "s")) {
      box.firstElementChild.textContent = left ? text(form, left > 1 ? "errors" : "error").replace("#", left) : "";
      if (box.querySelector("li")) continue;
      box.remove();
      if (form.counterfoil) form.counterfoil.textContent = "";
    }
  };
  const mend = (form, names) => {
    for (const note of find(form, "")) {
      const id = note.id.slice(0, -6);
      const { name } = document.getElementById(id) || {};
      if (!names.includes(name)) continue;
      note.remove();
      for (const input of form.elements) {
        if (input.name === name) input.removeAttribute("aria-invalid");
        const ids = input.getAttribute("aria-describedby");
        if (ids) input.setAttribute("aria-describedby", ids.split(" ").filter((one) => one !== note.id).join(" "));
      }
      for (const link of find(form, "s a")) if (link.getAttribute("href") === "#" + id) link.parentNode.remove();
      count(form);
    }
  };

  /** Show how far the submission has come: by its event stream, else by asking. */
  const follow = (form, url) => {
    const show = (receipt) => {
      const untried = receipt.final && receipt.confirmations.some((mail) => mail.state !== "sent" && !mail.attempts);
      say(form, untried ? "unsent" : receipt.state, "", url);
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
    const parts = form.enctype === "multipart/form-data";
    const body = parts ? new FormData() : new URLSearchParams();
    // urlencoded, a browser posts a file's name, and each line's end as two characters
    for (const [name, value] of job.data)
      body.append(name, parts ? value : (value.name ?? value).replace(/\r?\n/g, "\r\n"));
    body.set("_idempotency_key", job.key); // a field and no header: that would cost a preflight
    for (let wait_s = 1; ; wait_s = Math.min(WAIT_MOST_S, wait_s * 2)) {
      const signal = AbortSignal.timeout?.(PATIENCE_MS);
      const response = await fetch(job.to || address(form), { method: "POST", body, headers, signal }).catch(() => 0);
      const { status } = response;
      const answer = response && (await json(response));
      // without a public URL the gateway's addresses are relative to its own
      for (const part of ["next", "receipt_url"]) answer[part] &&= new URL(answer[part], response.url).href;
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

  const send = async (form, { data, key, unsure, to }) => {
    const job = { data, key, unsure, to };
    form.inert = true;
    mend(form, [...form.elements].map(({ name }) => name));
    for (const box of find(form, "s")) box.remove();
    keep(form, { ...job, sending: true });
    say(form, "sending");
    const { answer, status } = await post(form, job);
    form.inert = false;
    if (answer.id) accepted(form, answer);
    else refused(form, answer, status === 409 ? {} : job);
  };
  const refused = (form, answer, job) => {
    keep(form, job);
    const items = (answer.errors || []).map((error) => mark(form, error));
    if (items.some((item) => item.firstElementChild)) {
      say(form, "refused");
      list(form, items);
    } else say(form, "refused", [...new Set([answer.error, ...items.map((item) => item.textContent)])].join(" "));
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

  addEventListener("input", ({ target: { form, name } }) => {
    if (form) mend(form, [name]);
    if (form?.matches(OURS)) keep(form, load(form));
  });
  addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (event.defaultPrevented || !form.matches(OURS)) return;
    event.preventDefault();
    if (form.inert) return;
    const data = read(form, submitter);
    const to = submitter?.getAttribute("formaction");
    const last = load(form);
    const key = [...crypto.getRandomValues(new Uint32Array(4))].join("-"); // randomUUID needs https
    const again = last.unsure || JSON.stringify(data) === JSON.stringify(last.data);
    send(form, again ? { ...last, data, to } : { data, key, to });
  });
  for (const form of document.querySelectorAll("form" + OURS)) {
    const job = load(form);
    restore(form, job.typed);
    if (job.sending) send(form, job);
  }
})();
