// Keeps the note that is being written, as long as this tab is open: it comes back after the back button, a reload, a
// session that ended and a change by somebody else. It is forgotten as soon as the page shows the note.
(() => {
  "use strict";
  const PREFIX = "counterfoil-note ";
  const kept = new Map(); // where the browser keeps nothing

  function read(key) {
    try { return JSON.parse(sessionStorage.getItem(key)); } catch { return kept.get(key) || null; }
  }

  function keep(key, draft) {
    try { sessionStorage.setItem(key, JSON.stringify(draft)); } catch { kept.set(key, draft); }
  }

  function forget(key) {
    kept.delete(key);
    try { sessionStorage.removeItem(key); } catch { /* nothing is kept there */ }
  }

  function place(element) {
    const page = element.closest("[data-draft-of]");
    return page && { key: PREFIX + page.dataset.draftOf, version: Number(page.dataset.version), page };
  }

  // A note that was sent stands on the page now, with a later version than the page had from which it was sent.
  function isAdded(draft, page) {
    const notes = [...page.querySelectorAll("[data-note]")];
    return draft.sent !== undefined && notes.some((note) => Number(note.dataset.note) > draft.sent);
  }

  function restore() {
    const field = document.getElementById("note-text");
    const here = field && place(field);
    const draft = here && read(here.key);
    if (!draft) return;
    if (isAdded(draft, here.page)) forget(here.key);
    else if (!field.value) field.value = draft.text;
  }

  document.addEventListener("input", (event) => {
    if (event.target.id !== "note-text") return;
    const here = place(event.target);
    if (event.target.value) keep(here.key, { text: event.target.value });
    else forget(here.key);
  });

  document.addEventListener("submit", (event) => {
    const field = event.target.querySelector("#note-text");
    if (!field || !field.value) return;
    const here = place(field);
    keep(here.key, { text: field.value, sent: here.version });
  });

  document.addEventListener("keydown", (event) => {
    if (event.target.id !== "note-text" || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  });

  // What had the focus is made anew; htmx finds it by its id. Where it is gone, one goes on beside it.
  let wasHere = false;
  document.addEventListener("htmx:beforeSwap", () => {
    wasHere = Boolean(document.activeElement && document.activeElement.closest("#submission"));
  });

  function keepFocus() {
    const beside = document.getElementById("standing");
    if (wasHere && beside && document.activeElement === document.body) beside.focus({ preventScroll: true });
    wasHere = false;
  }

  // The mail program opens at once where the reply was noted by this page, and not where the page is loaded once more.
  document.addEventListener("htmx:load", (event) => {
    restore();
    keepFocus();
    const link = event.detail.elt.querySelector("[data-opens-mail]");
    if (link) link.click();
  });

  window.addEventListener("pageshow", restore);
})();
