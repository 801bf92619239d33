"""Confirms submissions: claim, send, record, for one event at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

import structlog

from notify_service import domain
from notify_service.domain import (
    Capped,
    ChannelBroken,
    Claim,
    ClaimAnswer,
    Key,
    Leased,
    Mail,
    Outcome,
    Permanent,
    Settled,
    Transient,
)
from notify_service.recipients import recipient_hash
from shared.contracts import Confirmation, ConfirmationChanged, SubmissionAccepted
from shared.failpoints import Reach, ignore
from shared.forms import Form, Forms
from shared.messaging.failures import BUG_RETRIES, Delivery, DependencyUnavailable, RetryLater

LEASE_MARGIN_S = 15.0
"""How much longer a claim is held than a mail may take: the clocks of two replicas may differ by less."""

LEASED_AGAIN_S = 5.0
"""How soon to look again at what another worker holds: two copies of one event, and the other may soon be done."""


class Deliveries(Protocol):
    """Who sends what, and what has become of it. Every method raises `DependencyUnavailable`."""

    def claim(self, key: Key, *, recipient: str, owner: UUID, now: datetime, lease_until: datetime) -> ClaimAnswer:
        """Claim one confirmation for `owner`, committed, unless it is settled or another's lease is running.

        The first claim of a confirmation counts against the cap of its `recipient` (`recipients.recipient_hash`);
        beyond the cap it is recorded as failed. What is claimed at one moment by several workers may go beyond it.
        """

    def release(self, claim: Claim, *, now: datetime) -> None:
        """Take a claim back, its attempt uncounted."""

    def record(self, claim: Claim, outcome: Outcome, *, now: datetime, error: str | None = None) -> Confirmation | None:
        """Record what became of a claim, committed, and return it as a receipt shows it.

        `sent` is recorded whoever holds the lease, and where the database is away, before this process's next claim.
        Returns None, and changes nothing, where a mail is recorded as sent already or another holds the lease.
        """

    def confirmations(self, submission_id: UUID) -> list[Confirmation]:
        """Return what has become of a submission's confirmations so far, and of its webhook."""


class Sender(Protocol):
    """Sends mail."""

    def check(self) -> None:
        """Raise `DependencyUnavailable` where there is no use in trying now."""

    def send(self, mail: Mail, *, timeout_s: float) -> None:
        """Send within the time given, and nothing after it; raises `Transient`, `Permanent` or `ChannelBroken`."""


Compose = Callable[[SubmissionAccepted, Form, str], Mail]
"""Makes the mail to an address; raises `Permanent` where there can be none."""


@dataclass(slots=True)
class SendConfirmations:
    """Sends the confirmation mail of each event, as `shared.messaging.failures.Handler`.

    A mail may take `send_timeout_s`; its lease is longer by `LEASE_MARGIN_S`. Each consumer has a handler of its
    own, with an `owner` and a `sender` of its own: two consumers of one process must not share a lease.
    """

    forms: Forms
    deliveries: Deliveries
    sender: Sender
    compose: Compose
    announce: Callable[[ConfirmationChanged], None]
    clock: Callable[[], datetime]
    reach: Reach = ignore
    send_timeout_s: float = 60.0
    owner: UUID = field(default_factory=uuid4)

    def __call__(self, deliveries: Sequence[Delivery]) -> None:
        """Confirm each; raises `RetryLater` and `DependencyUnavailable`, never `PermanentFailure`: a mail that
        cannot be sent has failed, visibly, and its event is done. A bug is recorded before it is raised."""
        for delivery in deliveries:
            self._confirm(delivery)

    def _confirm(self, delivery: Delivery) -> None:
        event, address = delivery.event, delivery.event.reply_address
        form = self.forms.get(event.form)
        if event.spam is not None or address is None or self._is_off(form, delivery):
            return
        now = self.clock()
        if form is None and not domain.is_too_old(event.accepted_at, now):
            after_s = domain.retry_after_s(delivery.attempt + 1)
            raise RetryLater(f"form {event.form[:64]!r} is not in this service's forms file", after_s=after_s)
        self.sender.check()
        key = Key(event.id, "email", domain.destination_hash(event.id, address))
        lease_until = now + timedelta(seconds=self.send_timeout_s + LEASE_MARGIN_S)
        recipient = recipient_hash(address)
        answer = self.deliveries.claim(key, recipient=recipient, owner=self.owner, now=now, lease_until=lease_until)
        if isinstance(answer, Leased):
            left_s = (answer.until - now).total_seconds()
            raise RetryLater("another worker holds it", after_s=max(1.0, min(left_s, LEASED_AGAIN_S)))
        if isinstance(answer, Capped):
            structlog.get_logger().warning("confirmation failed", **_about(event), reason=domain.TOO_MANY)
        if isinstance(answer, Settled | Capped):
            self._announce(event, answer.news)
            return
        self.reach("after-claim")
        self._carry_out(answer, delivery, form, address)

    def _is_off(self, form: Form | None, delivery: Delivery) -> bool:
        """Say whether the form confirms nothing: what it began to confirm before is still brought to an end."""
        if form is None or form.confirmation.enabled:
            return False
        tried = self.deliveries.confirmations(delivery.event.id) if delivery.attempt else ()
        return not any(one.channel == "email" for one in tried)

    def _carry_out(self, claim: Claim, delivery: Delivery, form: Form | None, address: str) -> None:
        event = delivery.event
        try:
            self._send(claim, event, form, address)
        except ChannelBroken as error:
            self.deliveries.release(claim, now=self.clock())
            raise DependencyUnavailable(f"mail server: {error.reason}") from error
        except Permanent as error:
            self._record(claim, event, "failed", error.reason)
        except Transient as error:
            self._retry(claim, event, error.reason)
        except Exception as error:  # a bug: the consumer retries, and parks the event when it failed too often
            outcome: Outcome = "retrying" if delivery.failures < BUG_RETRIES else "failed"
            self._record(claim, event, outcome, f"{domain.BUG}{type(error).__name__}")
            raise
        else:
            self.reach("after-send")
            self._record(claim, event, "sent")
            self.reach("after-record")

    def _send(self, claim: Claim, event: SubmissionAccepted, form: Form | None, address: str) -> None:
        if form is None:
            raise Permanent("unknown form")
        if not form.confirmation.enabled:
            raise Permanent("the form confirms no more")
        self.reach("before-send")
        mail = self.compose(event, form, address)
        left_s = (claim.lease_until - self.clock()).total_seconds() - LEASE_MARGIN_S
        if left_s <= 0:
            raise Transient("held too long before sending")
        self.sender.send(mail, timeout_s=left_s)

    def _retry(self, claim: Claim, event: SubmissionAccepted, reason: str) -> None:
        if domain.is_too_old(event.accepted_at, self.clock()):
            self._record(claim, event, "failed", reason)
            return
        self._record(claim, event, "retrying", reason)
        raise RetryLater(reason, after_s=domain.retry_after_s(claim.attempts))

    def _record(self, claim: Claim, event: SubmissionAccepted, outcome: Outcome, reason: str | None = None) -> None:
        log = structlog.get_logger().bind(**_about(event), attempts=claim.attempts)
        try:
            confirmation = self.deliveries.record(claim, outcome, now=self.clock(), error=reason)
        except DependencyUnavailable:
            log.warning("confirmation not recorded", outcome=outcome, reason=reason)
            raise
        (log.warning if outcome == "failed" else log.info)(f"confirmation {outcome}", reason=reason)
        self._announce(event, confirmation)

    def _announce(self, event: SubmissionAccepted, confirmation: Confirmation | None) -> None:
        if confirmation is not None:
            self.announce(ConfirmationChanged(event.id, confirmation))


def _about(event: SubmissionAccepted) -> dict[str, str]:
    return {"submission": str(event.id), "form": event.form[:64]}
