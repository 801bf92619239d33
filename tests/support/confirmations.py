"""Fakes the collaborators of the notify service's handler; the real ones pass the same tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from notify_service.channels.confirmation import ConfirmationChannel, provider_id
from notify_service.channels.counting import UNCOUNTED, Counted
from notify_service.channels.mail.composer import Composer, MailFrom
from notify_service.channels.mail.mailboxes import destination_hash
from notify_service.channels.mail.templates import Templates
from notify_service.channels.planned import Key, Planned
from notify_service.channels.registry import told_as
from notify_service.deliveries.caps import LIMITED, NO_CAPS, Caps, Limit
from notify_service.deliveries.retries import AGE_LIMIT
from notify_service.deliveries.states import (
    SETTLED,
    UNTRIED,
    Capped,
    Claim,
    ClaimAnswer,
    Held,
    Leased,
    Outcome,
    Sent,
    Settled,
    State,
    Tried,
    shown_state,
)
from notify_service.transports.failures import SendFailure
from notify_service.transports.smtp.answers import Stage, failure
from notify_service.transports.smtp.mail import Mail
from shared.contracts import Confirmation, SubmissionAccepted
from shared.forms import ConfirmationMail, Form
from shared.links.opt_in import OptInLinks
from shared.messaging.failures import DependencyUnavailable
from support.events import ACCEPTED_AT, an_event

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MAIL_FROM = MailFrom("Counterfoil", "counterfoil@example.org")
TEMPLATES = Templates()


@dataclass
class Clock:
    """A clock that a test moves."""

    now: datetime = ACCEPTED_AT

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> None:
        self.now += timedelta(**duration)


def a_key(submission_id: UUID | None = None, address: str = "ada@example.org") -> Key:
    made = submission_id or uuid4()
    return Key(made, "confirmation", destination_hash(made, address))


def planned(key: Key, counted: Counted = UNCOUNTED) -> Planned:
    """Return a delivery that is asked for, to nobody in particular."""
    return Planned(key, "signup", "", "", f"{key.submission_id}.{key.channel}", counted)


def a_form(name: str = "signup", **confirmation: Any) -> Form:
    return Form(name, title="Sign up", confirmation=ConfirmationMail(**confirmation))


def a_channel(
    mail_from: MailFrom = MAIL_FROM,
    clock: Callable[[], datetime] = lambda: NOON,
    links: OptInLinks | None = None,
    templates: Templates = TEMPLATES,
) -> ConfirmationChannel:
    return ConfirmationChannel(Composer(mail_from, clock), templates, links)


def a_mail(
    event: SubmissionAccepted | None = None,
    form: Form | None = None,
    address: str = "ada@example.org",
    channel: ConfirmationChannel | None = None,
) -> Mail:
    """Return the confirmation of an event to an address."""
    event = event or an_event()
    planned = Planned(a_key(event.id, address), event.form, address, "", provider_id(event.id))
    return (channel or a_channel()).compose(event, form or a_form(), planned)


@dataclass
class _Row:
    state: State
    attempts: int
    changed_at: datetime
    lease_holder: UUID | None = None
    lease_until: datetime | None = None
    counted: tuple[Counted, datetime] | None = None
    limit: Limit | None = None


@dataclass
class FakeDeliveries:
    """`handler.Deliveries` in a dictionary. Set `away` to make it unavailable, from the given call on.

    `due` says since when deliveries are due, by id, where that is not since their acceptance.
    """

    rows: dict[Key, _Row] = field(default_factory=dict)
    errors: list[str | None] = field(default_factory=list)
    away: bool = False
    caps: Caps = NO_CAPS
    tries: list[tuple[Key, Outcome, Tried]] = field(default_factory=list)
    due: dict[UUID, datetime] = field(default_factory=dict)
    sent_to: list[str | None] = field(default_factory=list)
    _unrecorded: dict[Key, Sent] = field(default_factory=dict)

    def claim(
        self, wanted: Sequence[Planned], *, lease_holder: UUID, now: datetime, lease_until: datetime
    ) -> Mapping[Key, ClaimAnswer]:
        late = list(self._unrecorded)
        news = self.record_sent(list(self._unrecorded.values())) if late else {}
        return {
            one.key: Settled(news.get(one.key))
            if one.key in late
            else self._claim(one.key, one.counted, lease_holder, now, lease_until)
            for one in wanted
        }

    def _claim(self, key: Key, by: Counted, lease_holder: UUID, now: datetime, lease_until: datetime) -> ClaimAnswer:
        self._reach()
        row = self.rows.get(key)
        if row is None or row.state == "held":
            if limit := self._limit(by, now):
                return self._hold(key, limit, now)
            row = self.rows[key] = _Row("pending", 0, now, counted=(by, now))
        if row.state in SETTLED:
            return Settled()
        if row.state == "sending" and row.lease_holder != lease_holder and row.lease_until and row.lease_until > now:
            return Leased(row.lease_until)
        counted = row.state == "sending" and row.lease_holder == lease_holder
        self.rows[key] = _Row("sending", row.attempts + (not counted), now, lease_holder, lease_until, row.counted)
        return Claim(key, lease_holder, lease_until, self.rows[key].attempts, self.due.get(key.id))

    def _hold(self, key: Key, limit: Limit, now: datetime) -> ClaimAnswer:
        row = self.rows.setdefault(key, _Row("held", 0, now))
        row.limit = limit
        if now - row.changed_at < AGE_LIMIT:
            return Held(limit, row.changed_at)
        row.state, row.changed_at = "failed", now
        self.errors.append(f"{LIMITED}{limit}")
        return Capped(limit, Confirmation(told_as(key.channel), "failed", 0, now))

    def _limit(self, by: Counted, now: datetime) -> Limit | None:
        same: dict[Limit, Callable[[Counted], bool]] = {
            "share": lambda one: by.source is not None and (one.source, one.recipient) == (by.source, by.recipient),
            "source": lambda one: by.source is not None and one.source == by.source,
            "form": lambda one: by.form is not None and one.form == by.form,
            "recipient": lambda one: one.recipient == by.recipient,
        }
        rows = [row.counted for row in self.rows.values() if row.counted]
        for limit, is_same in same.items():
            cap = self.caps.of(limit)
            if cap and sum(is_same(one) and at > now - cap.period for one, at in rows) >= cap.most:
                return limit
        return None

    def release(self, claim: Claim, *, now: datetime) -> None:
        self._reach()
        row = self.rows[claim.key]
        if row.state == "sending" and row.lease_holder == claim.lease_holder:
            self.rows[claim.key] = _Row("pending", row.attempts - 1, now, counted=row.counted)

    def record(
        self,
        claim: Claim,
        outcome: Outcome,
        *,
        now: datetime,
        error: str | None = None,
        next_attempt_at: datetime | None = None,
        tried: Tried = UNTRIED,
    ) -> Confirmation | None:
        if outcome == "sent":
            return self.record_sent([Sent(claim, now, tried)]).get(claim.key)
        self.tries.append((claim.key, outcome, tried))
        return self._record(claim, outcome, now, error)

    def record_sent(self, sent: Sequence[Sent]) -> Mapping[Key, Confirmation]:
        self._unrecorded.update({one.claim.key: one for one in sent})
        recorded = {one.claim.key: self._record(one.claim, "sent", one.at, None) for one in sent}
        self.tries += [(one.claim.key, "sent", one.tried) for one in sent]
        self.sent_to += [one.address_hash for one in sent]
        for key in recorded:
            self._unrecorded.pop(key, None)
        return {key: confirmation for key, confirmation in recorded.items() if confirmation is not None}

    def _record(self, claim: Claim, outcome: Outcome, now: datetime, error: str | None) -> Confirmation | None:
        self._reach()
        row = self.rows[claim.key]
        if row.state == "sent" or (
            outcome != "sent" and (row.state != "sending" or row.lease_holder != claim.lease_holder)
        ):
            return None
        self.rows[claim.key] = replace(row, state=outcome, lease_holder=None, lease_until=None, changed_at=now)
        self.errors.append(error)
        row = self.rows[claim.key]
        return Confirmation(told_as(claim.key.channel), shown_state(row.state), row.attempts, row.changed_at)

    def due_at(self, delivery_id: UUID) -> datetime | None:
        self._reach()
        return self.due.get(delivery_id)

    def confirmations(self, submission_id: UUID) -> list[Confirmation]:
        self._reach()
        found = ((key, row) for key, row in self.rows.items() if key.submission_id == submission_id)
        shown = sorted(found, key=lambda pair: (pair[0].channel, pair[0].destination_hash))
        return [
            Confirmation(told_as(k.channel), shown_state(r.state), r.attempts, r.changed_at, r.limit) for k, r in shown
        ]

    def unsettled(self, submission_id: UUID) -> dict[UUID, str]:
        self._reach()
        return {
            key.id: key.channel
            for key, row in self.rows.items()
            if key.submission_id == submission_id and row.state not in SETTLED
        }

    def _reach(self) -> None:
        if self.away:
            raise DependencyUnavailable("away")


@dataclass
class FakeSender:
    """`handler.Sender` that keeps what it sends. `answers` maps a stage to its answer, as a server's script does."""

    sent: list[Mail] = field(default_factory=list)
    answers: dict[Stage, int | None] = field(default_factory=dict)
    resting: bool = False
    before: Callable[[], None] = lambda: None
    timeouts_s: list[float] = field(default_factory=list)

    def check(self) -> None:
        if self.resting:
            raise DependencyUnavailable("resting")

    def turn(self, endpoint: str | None) -> AbstractContextManager[None]:
        self.check()
        return nullcontext()

    def send(self, mail: Mail, *, timeout_s: float) -> str:
        self.check()
        self.before()
        self.timeouts_s.append(timeout_s)
        for stage, code in self.answers.items():
            refused: SendFailure = failure(stage, code)
            if stage == "data" and code is None:
                self.sent.append(mail)
            raise refused
        self.sent.append(mail)
        return "250 2.0.0 queued"
