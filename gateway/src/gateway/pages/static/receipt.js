// Shows a receipt's times as a clock here does, and keeps it up to date. The page says everything without it, too: its
// times are in UTC then, and it reloads itself.
(() => {
  "use strict";
  const receipt = document.getElementById("receipt");
  const wanted = { day: "numeric", month: "long", year: "numeric", timeZoneName: "short" };
  const clock = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  const format = new Intl.DateTimeFormat("en-GB", { ...wanted, ...clock }); // the page's language

  /** Say a moment in the words that the gateway has for it in UTC. */
  const date = (time, moment) => {
    time.textContent = "";
    time.removeAttribute("datetime");
    if (!moment) return;
    const part = Object.fromEntries(format.formatToParts(new Date(moment)).map(({ type, value }) => [type, value]));
    time.dateTime = moment;
    time.textContent =
      `${part.day} ${part.month} ${part.year}, ${part.hour}:${part.minute}:${part.second} ${part.timeZoneName}`;
  };
  for (const time of receipt.querySelectorAll("time[datetime]")) date(time, time.dateTime);
  if (!receipt.dataset.events) return;

  /** Say what the page would say if it were loaded now. */
  const show = (told) => {
    const mail = told.confirmations[0] || { state: "none" };
    const untried = mail.attempts === 0 && (mail.state === "failed" || (mail.state === "pending" && told.final));
    const sent = untried ? "unsent" : mail.state;
    const asking = { sent: "asked", failed: "unasked", unsent: "unasked" }[sent] || "asking";
    const shown = { waiting: asking, confirmed: "agreed", expired: "expired" }[told.opt_in] || sent;
    Object.assign(receipt.dataset, { state: told.state, mail: shown });
    const there = [told.stored_at ? "stored" : "waiting", shown, "there"];
    const now = told.state === "erased" ? ["erased"] : there;
    for (const words of receipt.querySelectorAll("[data-when]")) {
      words.hidden = !words.dataset.when.split(" ").some((one) => now.includes(one));
    }
    const moments = { accepted: told.accepted_at, stored: told.stored_at };
    moments.confirmed = shown === "agreed" ? told.opted_in_at : ["sent", "failed"].includes(shown) && mail.at;
    for (const [step, moment] of Object.entries(moments)) {
      const time = receipt.querySelector(`#step-${step} time`);
      if (time) date(time, moment);
    }
    if (shown === "agreed") document.getElementById("came")?.remove();
    if (told.final) events.close();
  };
  const events = new EventSource(receipt.dataset.events);
  events.addEventListener("receipt", (event) => show(JSON.parse(event.data)));
  events.addEventListener("error", () => {
    // Refused, and not merely cut off: too many watch. The page comes back later.
    if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 10_000);
  });
})();
