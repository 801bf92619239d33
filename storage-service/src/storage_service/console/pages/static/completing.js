// Completes the query while it is typed: a list below the search box, for the mouse and for the arrow keys.
(() => {
  "use strict";

  const WAIT_MS = 120;
  const input = document.getElementById("q");
  if (!input) return;

  const list = document.createElement("ul");
  list.id = "q-list";
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.hidden = true;
  input.after(list);
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
  Object.entries(attributes).forEach(([name, value]) => input.setAttribute(name, value));

  let found = null;
  let chosen = -1;
  let waiting = 0;
  let asking = null;

  const points = (text) => [...text].length; // the server counts code points
  const units = (text, n) => [...text].slice(0, n).join("").length;

  function close() {
    list.hidden = true;
    list.replaceChildren();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    found = null;
    chosen = -1;
  }

  async function ask() {
    if (asking) asking.abort();
    asking = new AbortController();
    const text = input.value;
    const at = points(text.slice(0, input.selectionStart));
    const query = new URLSearchParams({ q: text, at });
    try {
      const answer = await fetch(`/console/inbox/complete?${query}`, { signal: asking.signal });
      if (answer.ok && document.activeElement === input && input.value === text) show(text, await answer.json());
      else close();
    } catch { /* another key was quicker, or nobody answers: then there is nothing to suggest */ }
  }

  function show(text, answer) {
    close();
    const start = units(text, answer.offset);
    const end = units(text, answer.offset + answer.length);
    const there = text.slice(start, end);
    const some = answer.suggestions.filter((one) => one.text !== there);
    if (!some.length) return;
    found = { start, end, some };
    some.forEach((one, number) => {
      const option = document.createElement("li");
      const code = document.createElement("code");
      const about = document.createElement("span");
      option.id = `q-option-${number}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      code.textContent = one.text;
      code.dir = about.dir = "auto";
      about.textContent = one.about;
      option.append(code, about);
      option.addEventListener("mousedown", (event) => { event.preventDefault(); take(number); });
      list.append(option);
    });
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }

  function choose(number) {
    chosen = (number + found.some.length + 1) % (found.some.length + 1);
    [...list.children].forEach((one, place) => one.setAttribute("aria-selected", String(place === chosen)));
    const option = list.children[chosen];
    if (!option) {
      chosen = -1;
      input.removeAttribute("aria-activedescendant");
      return;
    }
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function take(number) {
    const one = found.some[number];
    const behind = input.value.slice(found.end);
    const text = one.text + (one.whole && !behind.startsWith(" ") ? " " : "");
    input.value = input.value.slice(0, found.start) + text + behind;
    const at = found.start + text.length;
    input.setSelectionRange(at, at);
    close();
    if (!one.whole) ask();
  }

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (!found) {
      if (event.key === "ArrowDown") { event.preventDefault(); ask(); }
      return;
    }
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen < 0 ? found.some.length - 1 : chosen - 1);
    else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) take(chosen);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
})();
