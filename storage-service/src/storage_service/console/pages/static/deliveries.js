// Ticks all deliveries of a page at once. Without it each is ticked by itself.
(() => {
  "use strict";
  const all = document.querySelector("[data-ticks-all]");
  if (!all) return;
  const boxes = [...document.querySelectorAll('#again input[name="delivery"], #again input[name="message"]')];
  const count = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = boxes.length > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  };
  all.closest("label").hidden = boxes.length === 0;
  all.addEventListener("change", () => { boxes.forEach((box) => { box.checked = all.checked; }); });
  boxes.forEach((box) => box.addEventListener("change", count));
  count(); // what a browser kept ticked when somebody comes back
})();
