// Single keys: what has data-key="j" is pressed by j, or, where something is typed or chosen in it, gets the focus.
// The dialog #keys lists them; "?" or what has data-opens="keys" shows it, and there they can be switched off.
(() => {
  "use strict";
  const OFF = "counterfoil-keys-off";
  const FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select";

  function areOff() {
    try { return Boolean(localStorage.getItem(OFF)); } catch { return false; }
  }

  function turn(isOff) {
    try { localStorage.setItem(OFF, isOff ? "yes" : ""); } catch { /* this browser keeps nothing */ }
  }

  function show() {
    const card = document.getElementById("keys");
    const box = card.querySelector("[data-keys-off]");
    if (box) box.checked = areOff();
    card.showModal();
  }

  function prepare(root) {
    root.querySelectorAll("[data-opens=keys]").forEach((button) => { button.hidden = false; });
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    if (event.target.closest(FIELDS)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (document.querySelector("dialog[open]") || areOff()) return;
    if (event.key === "?" && document.getElementById("keys")) {
      event.preventDefault();
      show();
      return;
    }
    const found = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!found || found.disabled) return;
    event.preventDefault();
    if (found.matches(FIELDS)) found.focus();
    else found.click();
  });

  document.addEventListener("click", (event) => { if (event.target.closest("[data-opens=keys]")) show(); });
  document.addEventListener("change", (event) => { if (event.target.matches("[data-keys-off]")) turn(event.target.checked); });
  document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
  prepare(document);
})();
