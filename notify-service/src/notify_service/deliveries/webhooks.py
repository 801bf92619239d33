"""Tells the owners of forms of each submission: claim, send, record, for one event at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

import structlog

from notify_service.channels.counting import UNCOUNTED
from notify_service.channels.webhook import OWNER
from notify_service.deliveries.confirmations import LEASE_MARGIN_S, LEASED_AGAIN_S, Deliveries
from notify_service.deliveries.retries import BUG, is_too_old, retry_after_s
from notify_service.deliveries.states import Claim, Key, Leased, Outcome
from notify_service.transports.failures import Permanent, Transient
from notify_service.transports.http.answers import Postponed
from shared.contracts import SubmissionAccepted
from shared.failpoints import Reach, ignore
from shared.forms import Form, Forms, Webhook
from shared.messaging.failures import BUG_RETRIES, Delivery, RetryLater

PUT_ASIDE_MOST_S = 600.0
"""How long an event that cannot be tried is put aside, at most: it shall not wait long once it can."""

EARLIEST = 0.8
"""Which part of a pause has passed when an event comes back at the earliest: pauses are scattered."""

FILE_ARRIVES = timedelta(minutes=5)
"""How much later than the gateway this service may have a new forms file: only what has a webhook there comes here.
Each is put aside once, at least."""

_UNKNOWN = "its form is not in this service's forms file"
_NOT_YET = "its form has no webhook in this service's forms file"
_NO_MORE = "the form has no webhook any more"


class Sender(Protocol):
    """Sends webhooks."""

    def turn(self, webhook: Webhook) -> AbstractContextManager[str | None]:
        """Have a turn at its endpoint, within which to `send`; what it yields keeps from that, where it is not None.

        Raises `RetryLater` where the endpoint would have all connections.
        """

    def send(self, webhook: Webhook, event: SubmissionAccepted, *, timeout_s: float) -> None:
        """Send within the time given, and nothing after it; raises `Transient` or `Permanent`."""


@dataclass(slots=True)
class SendWebhooks:
    """Sends the webhook of each event, as `shared.messaging.failures.Handler`.

    What one endpoint does holds up no other: an event is sent, put aside, or has failed, and the next one follows. Each
    consumer has a handler of its own, with an `owner` of its own; they share the sender, which knows the endpoints.
    """

    forms: Forms
    deliveries: Deliveries
    sender: Sender
    clock: Callable[[], datetime]
    reach: Reach = ignore
    send_timeout_s: float = 15.0
    owner: UUID = field(default_factory=uuid4)

    def __call__(self, deliveries: Sequence[Delivery]) -> None:
        """Send each; raises `RetryLater`, and `DependencyUnavailable` while the database is away. A webhook that cannot
        be sent has failed, visibly, and its event is done. A bug is recorded before it is raised."""
        for delivery in deliveries:
            self._tell(delivery)

    def _tell(self, delivery: Delivery) -> None:
        event = delivery.event
        form = self.forms.get(event.form)
        webhook = form.webhook if form else None
        if event.spam is not None:
            return
        with self.sender.turn(webhook) if webhook else nullcontext(self._missing(delivery, form)) as hindrance:
            if hindrance and not is_too_old(event.accepted_at, self.clock()):
                after_s = min(retry_after_s(delivery.attempt + 1), PUT_ASIDE_MOST_S)
                raise RetryLater(hindrance, after_s=after_s)
            claim = self._claim(event)
            if claim is not None:
                self.reach("webhook-after-claim")
                self._carry_out(claim, delivery, hindrance or webhook or _NO_MORE)

    def _missing(self, delivery: Delivery, form: Form | None) -> str | None:
        """Return why a form without a webhook may have one later; None where it has none any more."""
        if form is None:
            return _UNKNOWN
        may_come = delivery.attempt == 0 or self.clock() - delivery.event.accepted_at < FILE_ARRIVES
        return _NOT_YET if may_come else None

    def _claim(self, event: SubmissionAccepted) -> Claim | None:
        """Return the claim; None where it is settled. Raises `RetryLater` where another has it."""
        now = self.clock()
        lease_until = now + timedelta(seconds=self.send_timeout_s + LEASE_MARGIN_S)
        key = Key(event.id, "webhook", OWNER)
        answer = self.deliveries.claim({key: UNCOUNTED}, owner=self.owner, now=now, lease_until=lease_until)[key]
        if isinstance(answer, Leased):
            left_s = (answer.until - now).total_seconds()
            raise RetryLater("another worker holds it", after_s=max(1.0, min(left_s, LEASED_AGAIN_S)))
        return answer if isinstance(answer, Claim) else None

    def _carry_out(self, claim: Claim, delivery: Delivery, how: Webhook | str) -> None:
        """Send it, or fail it for the reason that stands in the webhook's place, and record which."""
        event = delivery.event
        try:
            self._send(claim, event, how)
        except Permanent as error:
            self._record(claim, event, "failed", error.reason)
        except Transient as error:
            self._retry(claim, event, error)
        except Exception as error:  # a bug: the consumer retries, and parks the event when it failed too often
            outcome: Outcome = "retrying" if delivery.failures < BUG_RETRIES else "failed"
            self._record(claim, event, outcome, f"{BUG}{type(error).__name__}")
            raise
        else:
            self.reach("webhook-after-send")
            self._record(claim, event, "sent")
            self.reach("webhook-after-record")

    def _send(self, claim: Claim, event: SubmissionAccepted, how: Webhook | str) -> None:
        if isinstance(how, str):
            raise Permanent(how)
        left_s = (claim.lease_until - self.clock()).total_seconds() - LEASE_MARGIN_S
        if left_s <= 0:
            raise Transient("held too long before sending")
        self.sender.send(how, event, timeout_s=left_s)

    def _retry(self, claim: Claim, event: SubmissionAccepted, error: Transient) -> None:
        if is_too_old(event.accepted_at, self.clock()):
            self._record(claim, event, "failed", error.reason)
            return
        self._record(claim, event, "retrying", error.reason)
        wanted_s = error.after_s / EARLIEST if isinstance(error, Postponed) else 0.0
        raise RetryLater(error.reason, after_s=max(retry_after_s(claim.attempts), wanted_s))

    def _record(self, claim: Claim, event: SubmissionAccepted, outcome: Outcome, reason: str | None = None) -> None:
        self.deliveries.record(claim, outcome, now=self.clock(), error=reason)
        log = structlog.get_logger().bind(submission=str(event.id), form=event.form[:64], attempts=claim.attempts)
        (log.warning if outcome == "failed" else log.info)(f"webhook {outcome}", reason=reason)
