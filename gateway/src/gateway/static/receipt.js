// Keeps a receipt up to date. The page says everything without it, too: it then reloads itself.
(() => {
  "use strict";
  const receipt = document.getElementById("receipt");
  const show = (step, moment) => {
    const time = document.querySelector(`#step-${step} time`);
    if (!time || !moment) return;
    time.dateTime = moment;
    time.textContent = new Date(moment).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  };
  const localise = () => {
    for (const time of document.querySelectorAll("#receipt time[datetime]")) {
      show(time.closest(".step").id.replace("step-", ""), time.dateTime);
    }
  };
  localise();
  const events = new EventSource(receipt.dataset.events);
  events.addEventListener("receipt", (event) => {
    const told = JSON.parse(event.data);
    const mail = told.confirmations[0];
    receipt.dataset.state = told.state;
    const unsent = told.final && told.state === "stored" && mail?.state === "pending"; // nobody begins to send it
    receipt.dataset.mail = unsent ? "unsent" : mail ? mail.state : "none";
    show("accepted", told.accepted_at);
    show("stored", told.stored_at);
    if (mail && (mail.state === "sent" || mail.state === "failed")) show("confirmed", mail.at);
    if (told.final) events.close();
  });
  events.addEventListener("error", () => {
    // Refused, and not merely cut off: too many watch. The page comes back later.
    if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 10_000);
  });
})();
