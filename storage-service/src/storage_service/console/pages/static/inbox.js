// The inbox beyond plain HTML: keys, what is ticked, single changes one after the other, and what comes in.
(() => {
  "use strict";

  const BULK = "/console/inbox/bulk";
  const RETRY_MS = 30000;
  const KEYS_OFF = "counterfoil-keys-off";
  const TYPED = "input:not([type='checkbox']), textarea, select, dialog[open], [contenteditable]";
  const IDLE_MS = 3600000; // a page that nobody has touched for so long listens no more: it would keep its session alive
  const title = document.title;
  let current = null; // the row that the keys are at: its id and its place
  let queue = Promise.resolve();
  let source = null;
  let later = 0;
  let usedAt = Date.now();

  // a browser may let a page keep nothing: then the keys are on
  function areKeysOff() {
    try { return Boolean(localStorage.getItem(KEYS_OFF)); } catch { return false; }
  }

  function turnKeys(isOff) {
    try { localStorage.setItem(KEYS_OFF, isOff ? "yes" : ""); } catch { /* nothing is kept there */ }
  }

  const listing = () => document.getElementById("listing");
  const rows = () => [...document.querySelectorAll("#listing .row")].filter((row) => row.getClientRects().length); // copies may be folded away
  const boxes = () => [...document.querySelectorAll("#rows [name='ids']")];

  // --- which row is meant

  function rowAtHand() {
    const focused = document.activeElement && document.activeElement.closest(".row");
    if (focused) return focused;
    return current && document.getElementById(current.id);
  }

  function go(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(rowAtHand());
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step));
    all[next].querySelector("[data-row]").focus();
    all[next].scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("#listing .row");
    if (!row) return;
    rows().forEach((one) => one.classList.toggle("at-hand", one === row));
    current = { id: row.id, place: rows().indexOf(row) };
  });

  // The row may be gone when the list comes back: then the one that has taken its place is meant.
  // Whoever types goes on typing: what they type must not act as keys.
  function restore() {
    if (document.activeElement && document.activeElement.closest(TYPED)) return;
    const all = rows();
    if (!current || !all.length) return;
    const row = document.getElementById(current.id) || all[Math.min(current.place, all.length - 1)];
    row.querySelector("[data-row]").focus({ preventScroll: true });
  }

  // --- single changes: each waits for the one before, since each brings the list anew

  function change(button) {
    const form = button.form;
    button.closest(".row").classList.add("going");
    const values = { one: button.value, next: form.elements.next.value, csrf_token: form.elements.csrf_token.value };
    queue = queue.then(() => htmx.ajax("POST", BULK, { source: document.body, target: "#listing", swap: "outerHTML", values }))
      .catch(() => {});
  }

  document.addEventListener("click", (event) => {
    const one = event.target.closest("#rows [name='one']");
    if (one && window.htmx) {
      event.preventDefault();
      event.stopPropagation();
      change(one);
      return;
    }
    const opens = event.target.closest("[data-opens]");
    if (opens) document.getElementById(opens.dataset.opens).showModal();
  }, true);

  // --- what is ticked

  // A box may stand for many: that of copies of one text.
  const meant = (some) => new Set(some.flatMap((box) => box.value.split(","))).size;

  function count() {
    const form = document.getElementById("rows");
    if (!form) return;
    const ticked = meant(boxes().filter((box) => box.checked));
    const every = form.querySelector("[data-all]");
    const all = form.querySelector("[data-ticks-all]");
    if (!all) return;
    const isAll = Boolean(every && every.checked);
    form.querySelector("[data-ticked]").textContent = isAll ? "All that match" : ticked ? `${ticked} ticked` : "Tick all here";
    form.classList.add("scripted");
    all.checked = ticked > 0 && ticked === meant(boxes());
    all.indeterminate = ticked > 0 && !all.checked;
    form.classList.toggle("has-ticked", ticked > 0 || isAll);
  }

  document.addEventListener("change", (event) => {
    const target = event.target;
    if (target.matches("[data-ticks-all]")) boxes().forEach((box) => { box.checked = target.checked; });
    if (target.matches("[data-keys-off]")) turnKeys(target.checked);
    count();
  });

  // --- keys

  const KEYS = {
    j: () => go(1),
    k: () => go(-1),
    x: () => press("[name='ids']"),
    e: () => press("[name='one'][value^='done:']"),
    s: () => press(".star[name='one']"),
    "/": () => search(),
    "?": () => document.getElementById("keys").showModal(),
  };

  function press(selector) {
    const row = rowAtHand() || rows()[0];
    const found = row && row.querySelector(selector);
    if (!found) return;
    if (!rowAtHand()) row.querySelector("[data-row]").focus();
    found.click();
  }

  function search() {
    const input = document.getElementById("q");
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !(event.key in KEYS)) return;
    if (event.target.closest(TYPED)) return;
    if (areKeysOff()) return;
    event.preventDefault();
    if (!event.repeat || event.key === "j" || event.key === "k") KEYS[event.key](); // a key held down moves, and does nothing twice
  });

  // --- what comes in

  function arrived(found) {
    const link = listing().querySelector("[data-arrived]");
    link.textContent = found.said === "1" ? "1 new: show it" : `${found.said} new: show them`;
    link.hidden = found.n === 0;
    document.title = found.n ? `(${found.said}) ${title}` : title;
    if (found.n && "empty" in listing().dataset) show();
  }

  function show() {
    const link = listing().querySelector("[data-arrived]");
    document.title = title;
    return htmx.ajax("GET", link.getAttribute("href"), { source: document.body, target: "#listing", swap: "outerHTML" });
  }

  function listen() {
    quit();
    const here = listing();
    if (!here || !here.dataset.stream || document.hidden) return;
    source = new EventSource(here.dataset.stream);
    source.addEventListener("arrived", (event) => arrived(JSON.parse(event.data)));
    source.addEventListener("stop", quit);
    source.addEventListener("error", () => {
      if (isIdle()) quit();
      else if (source && source.readyState === EventSource.CLOSED) later = setTimeout(listen, RETRY_MS);
    });
  }

  // A page that nobody sees listens to nothing: a browser has few connections to one server for all of its tabs.
  function quit() {
    clearTimeout(later);
    if (source) source.close();
    source = null;
  }

  const isIdle = () => Date.now() - usedAt > IDLE_MS;

  function used() {
    const wasIdle = isIdle();
    usedAt = Date.now();
    if (wasIdle && !source) listen();
  }

  ["pointermove", "pointerdown", "keydown"].forEach((type) => document.addEventListener(type, used, { passive: true }));
  document.addEventListener("visibilitychange", listen);
  window.addEventListener("pagehide", quit);
  window.addEventListener("pageshow", (event) => { if (event.persisted) listen(); });

  function prepare() {
    document.querySelectorAll(".bulk .all, .keys").forEach((one) => { one.hidden = false; });
    count();
    listen();
  }

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "listing" && !listing()) return;
    prepare();
    restore();
  });

  const off = document.querySelector("[data-keys-off]");
  if (off) off.checked = areKeysOff();
  const wrong = document.getElementById("q");
  if (wrong && wrong.dataset.offset) {
    const units = (n) => [...wrong.value].slice(0, n).join("").length; // places count code points, and inputs half of some
    const start = Number(wrong.dataset.offset);
    wrong.setSelectionRange(units(start), units(start + Number(wrong.dataset.length)));
  }
  prepare();
})();
