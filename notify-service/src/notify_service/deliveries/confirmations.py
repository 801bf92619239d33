"""Confirms submissions: claim, send, record, for as many events at once as are sent in a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol
from uuid import UUID, uuid4

import structlog

from notify_service.channels.counting import Counted
from notify_service.deliveries.caps import LIMITED, NO_CAPS, Caps
from notify_service.deliveries.pace import Pace
from notify_service.deliveries.recording import Recorder, Recordings
from notify_service.deliveries.retries import BUG, is_too_old, retry_after_s
from notify_service.deliveries.states import Capped, Claim, ClaimAnswer, Held, Key, Leased, Outcome
from notify_service.deliveries.wanted import Plan, Wanted, plans
from notify_service.transports.failures import ChannelBroken, Permanent, Transient
from notify_service.transports.smtp.mail import Mail
from shared.contracts import Confirmation, ConfirmationChanged, SubmissionAccepted
from shared.failpoints import Reach, ignore
from shared.forms import Form
from shared.messaging.failures import BUG_RETRIES, Delivery, DependencyUnavailable, Results, RetryLater

LEASE_MARGIN_S = 15.0
"""How much longer a claim is held than a mail may take: the clocks of two replicas may differ by less."""

LATE = timedelta(seconds=1)
"""How long after its claim a mail may wait for its turn; beyond it the claim is released, and the mail claimed anew."""

LEASED_AGAIN_S = 5.0
"""How soon to look again at what another worker holds: two copies of one event, and the other may soon be done."""


class Deliveries(Protocol):
    """Who sends what, and what has become of it. Every method raises `DependencyUnavailable`."""

    def claim(
        self, wanted: Mapping[Key, Counted], *, owner: UUID, now: datetime, lease_until: datetime
    ) -> Mapping[Key, ClaimAnswer]:
        """Claim confirmations for `owner`, committed, and return the answer to each; no two are to one recipient.

        One that is settled is not claimed, nor one whose lease is running and another's. The first claim of a
        confirmation counts against the caps of what `wanted` has beside it, here and elsewhere. Beyond one it is
        recorded as held, and counts for nothing; each further claim asks again, until it was held for as long as
        `AGE_LIMIT`: then it is recorded as failed.
        """

    def release(self, claim: Claim, *, now: datetime) -> None:
        """Take a claim back, its attempt uncounted."""

    def record(self, claim: Claim, outcome: Outcome, *, now: datetime, error: str | None = None) -> Confirmation | None:
        """Record what became of a claim, committed, and return it as a receipt shows it.

        Returns None, and changes nothing, where a mail is recorded as sent already or another holds the lease.
        """

    def record_sent(self, sent: Sequence[tuple[Claim, datetime]]) -> Mapping[Key, Confirmation]:
        """Record what was sent and when, committed, and return those that were not recorded as sent before.

        They are recorded whoever holds the lease, and where the database is away, before this process's next claim.
        """

    def confirmations(self, submission_id: UUID) -> list[Confirmation]:
        """Return what has become of a submission's confirmations so far, and of its webhook."""


class Sender(Protocol):
    """Sends mail."""

    def check(self) -> None:
        """Raise `DependencyUnavailable` where there is no use in trying now. To ask is no try."""

    def send(self, mail: Mail, *, timeout_s: float) -> None:
        """Send within the time given, and nothing after it; raises `Transient`, `Permanent` or `ChannelBroken`, or
        `DependencyUnavailable` where it did not try."""


Compose = Callable[[SubmissionAccepted, Form, str], Mail]
"""Makes the mail to an address; raises `Permanent` where there can be none."""


@dataclass(slots=True)
class SendConfirmations:
    """Sends the confirmation mail of each event, as `shared.messaging.failures.Handler`.

    A mail may take `send_timeout_s`; its lease is longer by `LATE` and `LEASE_MARGIN_S`. Each consumer has a handler of
    its own, with an `owner` and a `sender` of its own: two consumers of one process must not share a lease. They share
    the `recorder`, which records what one of them sent while that one sends the next mail.
    """

    plan: Callable[[Delivery], Plan]
    deliveries: Deliveries
    recorder: Recorder
    sender: Sender
    compose: Compose
    announce: Callable[[ConfirmationChanged], None]
    clock: Callable[[], datetime]
    reach: Reach = ignore
    send_timeout_s: float = 60.0
    caps: Caps = NO_CAPS
    owner: UUID = field(default_factory=uuid4)
    _pace: Pace = field(default_factory=Pace)

    def __call__(self, deliveries: Sequence[Delivery]) -> Results:
        """Confirm the first of them, and return what came of each: done, `RetryLater`, or a bug, recorded before.

        Never `PermanentFailure`: a mail that cannot be sent has failed, visibly, and its event is done. Raises
        `DependencyUnavailable` where nothing came of the first. A mail is sent once the last but one is recorded, and
        no record is under way when this returns or raises: a death leaves two unrecorded, and nothing else does.
        """
        planned = plans(deliveries, self.plan, self._pace.most)
        answers = self._claimed([plan for plan in planned if isinstance(plan, Wanted)])
        results = list[Exception | None]()
        tried, away = 0, None
        began = self.clock()
        with Recordings(lambda: self.reach("after-record")) as sent:
            try:
                for plan in planned:
                    if isinstance(plan, Wanted):
                        if results and self.clock() - began > LATE:
                            break
                        results.append(self._confirmed(plan, answers[plan.key], sent, at=len(results)))
                        tried += isinstance(answers.pop(plan.key), Claim)
                    else:
                        results.append(plan)
            except DependencyUnavailable as error:
                away = error
            away = self._released(answers) or away
        self._pace.note(tried, (self.clock() - began).total_seconds())
        results = sent.settled(results)
        if not results and (away := away or sent.away):
            raise away
        return results

    def _claimed(self, wanted: Sequence[Wanted]) -> dict[Key, ClaimAnswer]:
        if not wanted:
            return {}
        self.sender.check()
        now = self.clock()
        lease_until = now + LATE + timedelta(seconds=self.send_timeout_s + LEASE_MARGIN_S)
        counted = {one.key: one.counted for one in wanted}
        return dict(self.deliveries.claim(counted, owner=self.owner, now=now, lease_until=lease_until))

    def _released(self, answers: Mapping[Key, ClaimAnswer]) -> DependencyUnavailable | None:
        """Take back the claims of those whose turn did not come, and return why it could not be done."""
        try:
            for answer in answers.values():
                if isinstance(answer, Claim):
                    self.deliveries.release(answer, now=self.clock())
        except DependencyUnavailable as error:  # they stay this worker's own
            return error
        return None

    def _confirmed(self, wanted: Wanted, answer: ClaimAnswer, sent: Recordings, *, at: int) -> Exception | None:
        """Send what is claimed, and return what came of it; raises `DependencyUnavailable`."""
        if isinstance(answer, Claim):
            self.reach("after-claim")
            sent.wait(but=1)
            if sent.away:
                raise sent.away
            return self._carried_out(answer, wanted, sent, at=at)
        if isinstance(answer, Leased):
            left_s = (answer.until - self.clock()).total_seconds()
            return RetryLater("another worker holds it", after_s=max(1.0, min(left_s, LEASED_AGAIN_S)))
        if isinstance(answer, Held):
            reason = f"{LIMITED}{answer.limit}"
            structlog.get_logger().info("confirmation held", **_about(wanted.event), reason=reason)
            return RetryLater(reason, after_s=self.caps.held_again_s(answer.limit))
        if isinstance(answer, Capped):
            reason = f"{LIMITED}{answer.limit}"
            structlog.get_logger().warning("confirmation failed", **_about(wanted.event), reason=reason)
            return None  # announced to nobody: who watches a receipt must not find out a cap
        self._announce(wanted.event, answer.news)
        return None

    def _carried_out(self, claim: Claim, wanted: Wanted, sent: Recordings, *, at: int) -> Exception | None:
        event = wanted.event
        try:
            self._send(claim, wanted)
        except DependencyUnavailable:  # nothing was tried: the mail server rests
            raise
        except ChannelBroken as error:
            raise DependencyUnavailable(f"mail server: {error.reason}") from error
        except Permanent as error:
            self._record(claim, event, "failed", error.reason)
        except Transient as error:
            return self._retried(claim, event, error.reason)
        except Exception as error:  # noqa: BLE001 - a bug: the consumer retries, and parks what failed too often
            outcome: Outcome = "retrying" if wanted.delivery.failures < BUG_RETRIES else "failed"
            self._record(claim, event, outcome, f"{BUG}{type(error).__name__}")
            return error
        else:
            self.reach("after-send")
            told = partial(self._recorded, claim, event)
            sent.add(at, self.recorder.record(claim, self.clock(), told))
        return None

    def _send(self, claim: Claim, wanted: Wanted) -> None:
        if wanted.form is None:
            raise Permanent("unknown form")
        if not wanted.form.confirmation.enabled:
            raise Permanent("the form confirms no more")
        self.reach("before-send")
        mail = self.compose(wanted.event, wanted.form, wanted.address)
        left_s = (claim.lease_until - self.clock()).total_seconds() - LEASE_MARGIN_S
        if left_s <= 0:
            raise Transient("held too long before sending")
        self.sender.send(mail, timeout_s=min(left_s, self.send_timeout_s))

    def _retried(self, claim: Claim, event: SubmissionAccepted, reason: str) -> RetryLater | None:
        if is_too_old(event.accepted_at, self.clock()):
            self._record(claim, event, "failed", reason)
            return None
        self._record(claim, event, "retrying", reason)
        return RetryLater(reason, after_s=retry_after_s(claim.attempts))

    def _record(self, claim: Claim, event: SubmissionAccepted, outcome: Outcome, reason: str) -> None:
        try:
            confirmation = self.deliveries.record(claim, outcome, now=self.clock(), error=reason)
        except DependencyUnavailable:
            _log_lost(claim, event, outcome, reason)
            raise
        self._tell(claim, event, outcome, confirmation, reason)

    def _recorded(
        self, claim: Claim, event: SubmissionAccepted, confirmation: Confirmation | None, error: Exception | None
    ) -> None:
        if error is None:
            self._tell(claim, event, "sent", confirmation)
        else:
            _log_lost(claim, event, "sent")
            if not isinstance(error, DependencyUnavailable):  # pending, it would be sent again
                self._record(claim, event, "failed", f"{BUG}{type(error).__name__}")

    def _tell(
        self,
        claim: Claim,
        event: SubmissionAccepted,
        outcome: Outcome,
        confirmation: Confirmation | None,
        reason: str | None = None,
    ) -> None:
        log = structlog.get_logger()
        say = log.warning if outcome == "failed" else log.info
        say(f"confirmation {outcome}", **_about(event), attempts=claim.attempts, reason=reason)
        self._announce(event, confirmation)

    def _announce(self, event: SubmissionAccepted, confirmation: Confirmation | None) -> None:
        if confirmation is not None:
            self.announce(ConfirmationChanged(event.id, confirmation))


def _log_lost(claim: Claim, event: SubmissionAccepted, outcome: Outcome, reason: str | None = None) -> None:
    about = {**_about(event), "attempts": claim.attempts, "outcome": outcome, "reason": reason}
    structlog.get_logger().warning("confirmation not recorded", **about)


def _about(event: SubmissionAccepted) -> dict[str, str]:
    return {"submission": str(event.id), "form": event.form[:64]}
