"""Records what became of a delivery, and tells it: the log, and whoever watches the receipt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from notify_service.channels.registry import ON_RECEIPTS
from notify_service.deliveries.interface import Deliveries
from notify_service.deliveries.retries import BUG, EARLIEST
from notify_service.deliveries.states import UNTRIED, Claim, Outcome, Tried
from notify_service.deliveries.wanted import Wanted
from shared.contracts import NO_REQUEST, Confirmation, ConfirmationChanged, SubmissionAccepted
from shared.messaging.failures import DependencyUnavailable


@dataclass(frozen=True, slots=True)
class Telling:
    """Records in the table, writes to the log, and announces."""

    deliveries: Deliveries
    announce: Callable[[ConfirmationChanged], None]
    clock: Callable[[], datetime]

    def record(
        self,
        claim: Claim,
        wanted: Wanted,
        outcome: Outcome,
        reason: str,
        *,
        after_s: float | None = None,
        tried: Tried = UNTRIED,
    ) -> None:
        """Record an outcome, and tell it; raises `DependencyUnavailable`."""
        tried = tried if tried.said else tried._replace(said=reason)
        now = self.clock()
        comes_back = None if after_s is None else now + timedelta(seconds=after_s * EARLIEST)
        try:
            shown = self.deliveries.record(
                claim, outcome, now=now, error=reason, next_attempt_at=comes_back, tried=tried
            )
        except DependencyUnavailable:
            _log_lost(claim, wanted, outcome, reason)
            raise
        self._tell(claim, wanted, outcome, shown, reason)

    def recorded(
        self, claim: Claim, wanted: Wanted, confirmation: Confirmation | None, error: Exception | None
    ) -> None:
        """Tell how the record of what was sent ended; see `recording.Told`."""
        if error is None:
            self._tell(claim, wanted, "sent", confirmation)
            return
        _log_lost(claim, wanted, "sent")
        if not isinstance(error, DependencyUnavailable):  # pending, it would be sent again
            self.record(claim, wanted, "failed", f"{BUG}{type(error).__name__}")

    def announce_change(self, wanted: Wanted, confirmation: Confirmation | None) -> None:
        """Announce to whoever watches the receipt, where there is news of what it tells of.

        Of what somebody requested that is whether it was sent: the first one may have been, and stays so.
        """
        is_news = confirmation is not None and (wanted.key.request == NO_REQUEST or confirmation.state == "sent")
        if confirmation is not None and is_news and wanted.key.channel == ON_RECEIPTS:
            self.announce(ConfirmationChanged(wanted.event.id, confirmation))

    def _tell(
        self,
        claim: Claim,
        wanted: Wanted,
        outcome: Outcome,
        confirmation: Confirmation | None,
        reason: str | None = None,
    ) -> None:
        log = structlog.get_logger()
        say = log.warning if outcome == "failed" else log.info
        say(f"{wanted.key.channel} {outcome}", **about(wanted.event), attempts=claim.attempts, reason=reason)
        self.announce_change(wanted, confirmation)


def about(event: SubmissionAccepted) -> dict[str, str]:
    """Return what a line of the log says of a submission."""
    return {"submission": str(event.id), "form": event.form[:64]}


def _log_lost(claim: Claim, wanted: Wanted, outcome: Outcome, reason: str | None = None) -> None:
    lost = {**about(wanted.event), "attempts": claim.attempts, "outcome": outcome, "reason": reason}
    structlog.get_logger().warning(f"{wanted.key.channel} not recorded", **lost)
