// What all pages have beyond plain HTML: copying, the reader's time zone, and what htmx does when an answer does not come.
(() => {
  "use strict";

  function announce(text) {
    const notices = document.getElementById("notices");
    const notice = document.createElement("div");
    const line = document.createElement("p");
    notice.className = "notice wrong";
    line.textContent = text;
    notice.append(line);
    notices.replaceChildren(notice);
    notices.scrollIntoView({ block: "nearest" });
  }

  let copied = 0; // until the buttons say "Copy" again

  // A button's own name stays, so what came of it is said beside it, for those who do not see it.
  function saying() {
    const there = document.getElementById("copied");
    if (there) return there;
    const made = document.createElement("p");
    made.id = "copied";
    made.className = "hidden";
    made.setAttribute("role", "status");
    document.querySelector("main").append(made);
    return made;
  }

  async function copy(button) {
    const source = document.getElementById(button.dataset.copies);
    const status = saying();
    let said = "Copied";
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      said = "Not copied"; // the browser does not allow it
    }
    button.textContent = said;
    status.textContent = said;
    clearTimeout(copied);
    copied = setTimeout(() => {
      document.querySelectorAll("[data-copies]").forEach((one) => { one.textContent = "Copy"; });
      status.textContent = "";
    }, 1500);
  }

  function prepare(root) {
    if (navigator.clipboard) {
      root.querySelectorAll("[data-copies]").forEach((button) => { button.hidden = false; });
    }
  }

  document.addEventListener("click", (event) => {
    const copies = event.target.closest("[data-copies]");
    if (copies) copy(copies);
    const closing = event.target.closest("[data-closes]");
    if (closing) closing.closest("dialog").close();
    // one question at a time: another one that is open is closed
    const summary = event.target.closest("details.confirmation > summary");
    document.querySelectorAll("details.confirmation[open]").forEach((open) => {
      if (!open.contains(event.target) || (summary && summary.parentElement !== open)) open.open = false;
    });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details.confirmation[open]").forEach((open) => {
      open.open = false;
      open.querySelector("summary").focus();
    });
  });

  // a second click while the first one's page is on its way is no second post
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, 3000);
  });

  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401) document.getElementById("signed-out").showModal();
    else if (status === 413) announce("That is too long to be sent. What you typed is still here.");
    else if (status === 429) announce("That was too much at once. Please wait a moment, and try again.");
    else announce("The console does not answer just now. What you typed is still here: please try again in a moment.");
  });
  document.addEventListener("htmx:sendError", () => {
    announce("The console cannot be reached just now. What you typed is still here: please try again in a moment.");
  });
  document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));

  // moments are shown in this zone, unless the account names another
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `counterfoil-zone=${encodeURIComponent(zone)}; Path=/console; Max-Age=34560000; SameSite=Lax${secure}`;
  }

  prepare(document);
})();
