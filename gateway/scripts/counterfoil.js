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
    large: "This file is too large: # is the most.",
    total: "The files are too large together: # is the most.",
    many: "Too many files: # can be sent here.",
    type: "A file of this type is not taken here.",
    gone: "This file cannot be read any more. Please choose it again.",
    progress: "# sent",
    cancel: "Cancel",
    stopped: "Stopped. Press the button again to go on.",
    accepted: "Received.",
    stored: "Stored.",
    unconfirmed: "Almost done. Please press the button in the mail that we send you.",
    confirmed: "Stored, and confirmed by mail.",
    failed: "Stored, but the confirmation could not be mailed.",
    unsent: "Stored; no confirmation has been sent.",
    erased: "Erased.",
  };
  const PATIENCE_MS = 30_000;
  const FILES_PATIENCE_MS = 60_000; // while nothing moves
  const WAIT_MOST_S = 60;
  const OURS = "[data-counterfoil]";

  const headers = { Accept: "application/json" };
  const make = (kind, values) => Object.assign(document.createElement(kind), values);
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const json = (response) => response.json().catch(() => ({}));
  const text = (form, name) => get(form, "dataset")[name] || TEXTS[name];
  // how long the page has been open says something of a page that was opened empty, and nothing of one that was restored
  const restored = new Set();
  const isFresh = performance.getEntriesByType?.("navigation")[0]?.type === "navigate";

  // A field may be called action, elements or after, and stands in the place of what the form has by that name.
  const KIND = HTMLFormElement.prototype;
  const get = (form, name) => Reflect.get(KIND, name, form);
  const call = (form, method, value) => get(form, method).call(form, value);
  const elements = (form) => [...get(form, "elements")];
  const address = (form) => call(form, "getAttribute", "action");
  const statuses = new WeakMap();
  const sending = new WeakSet();
  const freeze = (form, isInert) => {
    sending[isInert ? "add" : "delete"](form);
    Reflect.set(KIND, "inert", isInert, form); // which not every browser knows
  };

  /** Tell the page; false when it took over with preventDefault. */
  const tell = (form, name, detail) =>
    call(form, "dispatchEvent", new CustomEvent("counterfoil:" + name, { bubbles: true, cancelable: true, detail }));

  /** Show a state: in the element that data-counterfoil names, else in one after the form. */
  const say = (form, state, words, href) => {
    const { counterfoil, receipt } = get(form, "dataset");
    const status = statuses.get(form) || document.getElementById(counterfoil) || make("p");
    statuses.set(form, status);
    if (!status.isConnected) call(form, "after", status);
    status.setAttribute("role", "status");
    status.dataset.state = state;
    status.textContent = words || text(form, state);
    if (href) status.append(" ", make("a", { href, textContent: receipt || "Receipt" }));
  };

  /** What the browser itself would post. An address to go to is made absolute: the gateway may not learn the folder. */
  const read = (form, button) =>
    [...new FormData(form, button)].map(([name, value]) => [
      name,
      value && /^_(next|redirect)$/.test(name) ? make("a", { href: value }).href : value,
    ]);

  const files = (form) => elements(form).filter(({ type }) => type === "file");

  // What was typed and its key, over a reload. A form with a password or what is marked data-sensitive is kept as long
  // as the page only, and so are files: after a reload they are chosen again, and nothing is sent by itself.

  const place = (form) => "counterfoil" + [...document.forms].indexOf(form) + address(form);
  const inputs = (form) =>
    elements(form).flatMap((one) => (/^(hidden|file)$/.test(one.type) ? [] : [...(one.options || [one])]));
  const called = (input) => (input.closest("select") || input).name;
  const jobs = new Map(); // of this page: the same press again has its key, wherever nothing else may be kept
  const load = (form) => {
    try {
      return jobs.get(form) || JSON.parse(sessionStorage[place(form)]);
    } catch {
      return {};
    }
  };
  const keep = (form, job) => {
    const kept = files(form)[0] ? { key: job.key, unsure: job.unsure } : job;
    jobs.set(form, kept);
    if (call(form, "querySelector", "[type=password], [data-sensitive]")) return;
    const typed = inputs(form).map((one) => {
      const { value, checked, selected } = one;
      return { name: called(one), value, checked, selected };
    });
    try {
      sessionStorage[place(form)] = JSON.stringify({ ...kept, typed });
    } catch {} // no storage here
  };
  const forget = (form) => {
    jobs.delete(form);
    try {
      delete sessionStorage[place(form)];
    } catch {}
  };
  const restore = (form, typed = []) => {
    const left = inputs(form); // a captcha may put its own input into the form, sooner or later
    for (const { name, ...state } of typed) {
      const at = left.findIndex((input) => called(input) === name);
      if (at >= 0) Object.assign(left.splice(at, 1)[0], state);
    }
  };

  // What is wrong: a summary on top with links, and each error before its field, until that is typed in again. A page
  // of the gateway's that was made with errors in it has the same elements, and its count goes down as well.

  const find = (form, selector) => [...call(form, "querySelectorAll", ".counterfoil-error" + selector)];
  const mark = (form, { field: wanted, message }) => {
    const field = wanted && elements(form).find(({ name, type }) => name === wanted && type !== "hidden");
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
    call(form, "prepend", box);
    count(form);
    box.focus();
  };
  const count = (form) => {
    const left = find(form, "s a").length;
    for (const box of find(form, "s")) {
      box.firstElementChild.textContent = left ? text(form, left > 1 ? "errors" : "error").replace("#", left) : "";
      if (box.querySelector("li")) continue;
      box.remove();
      if (statuses.has(form)) statuses.get(form).textContent = "";
    }
  };
  const mend = (form, names) => {
    for (const note of find(form, "")) {
      const id = note.id.slice(0, -6);
      const { name } = document.getElementById(id) || {};
      if (!names.includes(name)) continue;
      note.remove();
      for (const input of elements(form)) {
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
      const asked = receipt.opt_in === "waiting" && receipt.state === "stored" && "unconfirmed";
      say(form, untried ? "unsent" : asked || receipt.state, "", url);
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

  // Files: what can be known of them before they are sent, in the gateway's words; how far they are; and a way to stop.

  const size = (bytes) => {
    const [unit, name] = bytes < 1048576 ? [1024, " kB"] : [1048576, " MB"];
    return (bytes / unit).toFixed(1).replace(".0", "") + name;
  };
  const weight = (form) => files(form).flatMap((input) => [...input.files]).reduce((sum, one) => sum + one.size, 0);
  const fits = ({ name, type }, accept) =>
    accept.split(",").some((one) => {
      const wanted = one.trim().toLowerCase();
      if (wanted[0] === ".") return name.toLowerCase().endsWith(wanted);
      return !type || (type + "/").startsWith(wanted.replace("*", "") + (wanted.endsWith("*") ? "" : "/"));
    });
  const amiss = (form) => {
    const found = [];
    const note = (field, name, value = "") => found.push({ field, message: text(form, name).replace("#", value) });
    for (const input of files(form)) {
      const { maxSize, maxCount } = input.dataset;
      for (const file of input.files) {
        if (file.size > maxSize) note(input.name, "large", size(maxSize));
        else if (input.accept && !fits(file, input.accept)) note(input.name, "type");
      }
      if (input.files.length > maxCount) note(input.name, "many", maxCount);
    }
    const { maxTotal } = get(form, "dataset");
    if (weight(form) > maxTotal) note(undefined, "total", size(maxTotal));
    return found;
  };
  const unreadable = async (form) => {
    for (const input of files(form))
      for (const file of input.files)
        if (!(await file.slice(0, 1).arrayBuffer().catch(() => 0)))
          return { answer: { errors: [{ field: input.name, message: text(form, "gone") }] } };
  };

  /** Show how far the files are: a bar, words, and a button that stops. Every quarter is said aloud. */
  const advance = (form, job, loaded, total) => {
    job.box ||= make("div", { className: "counterfoil-progress" });
    const { box } = job;
    if (!box.firstChild) {
      const bar = make("progress", { max: 1 });
      bar.setAttribute("aria-label", text(form, "sending"));
      const stop = make("button", { type: "button", textContent: text(form, "cancel"), onclick: job.stop });
      box.append(bar, make("span"), stop);
    }
    if (!box.isConnected) statuses.get(form).after(box);
    const part = loaded / total || 0;
    box.firstChild.value = part;
    box.children[1].textContent = size(loaded) + " / " + size(total);
    const quarter = Math.floor(part * 4) * 25;
    if (quarter && quarter !== job.said) say(form, "sending", text(form, "progress").replace("#", quarter + " %"));
    job.said = quarter;
    tell(form, "progress", { loaded, total });
  };

  /** Post a body with files, as fetch does, and end it when nothing has moved for a while; fetch tells no progress. */
  const upload = (form, job, to, body) =>
    new Promise((done) => {
      const request = new XMLHttpRequest();
      let timer;
      const wait = () => {
        clearTimeout(timer);
        timer = setTimeout(job.abort, FILES_PATIENCE_MS);
      };
      job.abort = () => request.abort();
      request.upload.onprogress = ({ loaded, total }) => {
        wait();
        advance(form, job, loaded, total);
      };
      request.upload.onload = wait;
      request.onloadend = () => {
        clearTimeout(timer);
        done({
          status: request.status,
          url: request.responseURL,
          headers: { get: (name) => request.getResponseHeader(name) },
          json: async () => JSON.parse(request.response),
        });
      };
      request.open("POST", to);
      request.setRequestHeader("Accept", headers.Accept);
      request.send(body);
      wait();
      advance(form, job, 0, weight(form));
    });

  /** Post until there is a definite answer; what has none may have been accepted, and the key makes it one. */
  const post = async (form, job) => {
    const parts = get(form, "enctype") === "multipart/form-data";
    const large = parts && files(form).some((input) => input.files[0]);
    let to = job.to || address(form);
    // not a field: a gateway of the version before, which may be asked during an upgrade, would refuse that
    if (job.open) to += (to.includes("?") ? "&" : "?") + "open_ms=" + job.open;
    const body = parts ? new FormData() : new URLSearchParams();
    // urlencoded, a browser posts a file's name, and each line's end as two characters
    for (const [name, value] of job.data)
      body.append(name, parts ? value : (value.name ?? value).replace(/\r?\n/g, "\r\n"));
    body.set("_idempotency_key", job.key); // a field and no header: that would cost a preflight
    for (let wait_s = 1; ; wait_s = Math.min(WAIT_MOST_S, wait_s * 2)) {
      const signal = large || AbortSignal.timeout?.(PATIENCE_MS);
      const sent = large ? upload(form, job, to, body) : fetch(to, { method: "POST", body, headers, signal });
      const response = await sent.catch(() => 0);
      const { status } = response;
      const answer = response && (await json(response));
      // without a public URL the gateway's addresses are relative to its own
      for (const part of ["next", "receipt_url"]) answer[part] &&= new URL(answer[part], response.url).href;
      if (answer.id || (status >= 400 && status < 500 && status !== 429)) return { answer, status };
      const asked_s = (response && +response.headers.get("Retry-After")) || 0;
      const seconds = Math.max(wait_s, asked_s) * (1 + Math.random() / 2);
      job.unsure = true;
      keep(form, { ...job, sending: true });
      const stopped = () => job.stopped && { answer: { error: text(form, "stopped") } };
      const gone = large && !status && (await unreadable(form));
      if (gone || stopped()) return gone || stopped();
      say(form, "waiting");
      tell(form, "waiting", { seconds });
      await Promise.race([pause(seconds * 1000), new Promise((done) => (job.wake = done))]);
      if (stopped()) return stopped();
    }
  };

  const send = async (form, { data, key, unsure, to, open }) => {
    const job = { data, key, unsure, to, open };
    const { activeElement } = document;
    freeze(form, true); // which takes the focus away
    mend(form, elements(form).map(({ name }) => name));
    for (const box of find(form, "s")) box.remove();
    keep(form, { ...job, sending: true });
    say(form, "sending");
    job.stop = () => {
      job.stopped = true;
      job.abort();
      job.wake?.();
    };
    const { answer, status } = await post(form, job);
    freeze(form, false);
    job.box?.remove();
    if (document.activeElement === document.body) activeElement?.focus();
    if (answer.id) accepted(form, answer);
    else refused(form, answer, status === 409 ? {} : job);
  };
  const refused = (form, answer, job) => {
    keep(form, job);
    const items = (answer.errors || []).map((error) => mark(form, error));
    if (items.some((item) => item.firstElementChild)) {
      say(form, "refused");
      list(form, items);
    } else {
      const said = [answer.error, ...items.map((item) => item.textContent)];
      say(form, "refused", [...new Set(said)].filter(Boolean).join(" "));
    }
    tell(form, "refused", answer);
  };
  const accepted = (form, answer) => {
    forget(form);
    call(form, "reset");
    say(form, "accepted", "", answer.receipt_url);
    if (!tell(form, "accepted", answer)) return;
    if (answer.next !== answer.receipt_url || get(form, "dataset").then === "receipt") location = answer.next;
    else follow(form, answer.receipt_url);
  };

  addEventListener("input", ({ target: { form, name } }) => {
    if (form) mend(form, [name]);
    if (form && call(form, "matches", OURS)) keep(form, load(form));
  });
  addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (event.defaultPrevented || !call(form, "matches", OURS)) return;
    event.preventDefault();
    if (sending.has(form)) return;
    const errors = amiss(form);
    if (errors[0]) {
      mend(form, elements(form).map(({ name }) => name));
      for (const box of find(form, "s")) box.remove();
      return refused(form, { errors }, load(form));
    }
    const data = read(form, submitter);
    const to = submitter?.getAttribute("formaction");
    const last = load(form);
    const key = [...crypto.getRandomValues(new Uint32Array(4))].join("-"); // randomUUID needs https
    const again = last.unsure || JSON.stringify(data) === JSON.stringify(last.data);
    const open = isFresh && !restored.has(form) && Math.round(performance.now());
    send(form, again ? { ...last, data, to, open } : { data, key, to, open });
  });
  for (const form of document.querySelectorAll("form" + OURS)) {
    const job = load(form);
    if (job.typed) restored.add(form);
    restore(form, job.typed);
    if (job.sending) send(form, job);
  }
})();
