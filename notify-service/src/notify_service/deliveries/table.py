"""The table of deliveries: who sends what, and what has become of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast, get_args
from uuid import UUID
from zlib import crc32

from sqlalchemy import Engine, Row, Uuid, and_, bindparam, func, not_, or_, select, update
from sqlalchemy.sql import Executable

from notify_service.channels.counting import UNCOUNTED
from notify_service.channels.planned import Key, Planned
from notify_service.channels.registry import told_as
from notify_service.deliveries.attempts import attempt_document, attempts_document, with_attempts
from notify_service.deliveries.caps import LIMITED, NO_CAPS, Caps, Limit
from notify_service.deliveries.erasures import erased_from, is_erased
from notify_service.deliveries.plan_table import is_withheld
from notify_service.deliveries.retries import AGE_LIMIT, BUG, PAUSE_MOST_S
from notify_service.deliveries.statements import (
    claim_statement,
    is_bound,
    record_statements,
    sent_document,
    wanted_document,
)
from notify_service.deliveries.states import (
    CANCELLED,
    NO_LONGER_WANTED,
    SETTLED,
    UNTRIED,
    Capped,
    Claim,
    ClaimAnswer,
    Erased,
    Held,
    Leased,
    NotYet,
    Outcome,
    Sent,
    Settled,
    Tried,
    shown_state,
)
from notify_service.tables import deliveries
from shared.contracts import Confirmation
from shared.database import classified
from shared.messaging.failures import DependencyUnavailable

_C = deliveries.c


class DeliveryTable:
    """`interface.Deliveries` in a database. Safe to use from many threads, and by many processes at once.

    Each method is one statement, or a second one that only reads: on PostgreSQL each commits by itself, whatever the
    number of deliveries. With `caps`, claims come one after the other, so that each counts all before it: a lock of
    the database's on PostgreSQL; on SQLite there is one writer at a time anyway.
    """

    def __init__(self, engine: Engine, caps: Caps = NO_CAPS) -> None:
        postgresql = engine.dialect.name == "postgresql"
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT") if postgresql else engine
        self._counting = engine if postgresql and caps else None
        self._caps = caps
        self._claim = claim_statement(engine.dialect.name, caps)
        self._record_sent = record_statements(engine.dialect.name)
        self._record = with_attempts(engine.dialect.name, _RECORD)
        self._unrecorded: dict[Key, Sent] = {}

    def claim(
        self, wanted: Sequence[Planned], *, lease_holder: UUID, now: datetime, lease_until: datetime
    ) -> Mapping[Key, ClaimAnswer]:
        """Claim deliveries; see `interface.Deliveries`."""
        answers, keys = dict[Key, ClaimAnswer](), {one.key for one in wanted}
        if unrecorded := list(self._unrecorded.values()):
            news = self.record_sent(unrecorded)
            recorded = [one.claim.key for one in unrecorded]
            answers = {key: Settled(news.get(key)) for key in recorded if key in keys}
        left = [one for one in wanted if one.key not in answers]
        values = {"wanted": wanted_document(left), "new_owner": lease_holder, "now": now, "new_lease": lease_until}
        is_counted = any(one.counted != UNCOUNTED for one in left)
        for row in self._claimed(values, now, is_counted=is_counted) if left else ():
            answers[_key_of(row)] = _answer_of(row, lease_holder, lease_until)
        return answers | {one.key: self._answer_of_unclaimed(one, now) for one in left if one.key not in answers}

    def _claimed(self, values: dict[str, Any], now: datetime, *, is_counted: bool) -> Sequence[Row[Any]]:
        limits = {limit: cap for limit in get_args(Limit) if (cap := self._caps.of(limit))}
        since = {f"{limit}_since": now - cap.period for limit, cap in limits.items()}
        since |= {f"{limit}_again": now + timedelta(seconds=self._caps.held_again_s(limit)) for limit in limits}
        latest = now + timedelta(seconds=PAUSE_MOST_S)
        values = {**values, **since, "too_long_ago": now - AGE_LIMIT, "latest": latest}
        if self._counting is None or not is_counted:
            return self._run(self._claim, values)
        with classified(), self._counting.begin() as connection:
            connection.execute(_ONE_AT_A_TIME)  # a statement of its own: the next one then sees what others committed
            return connection.execute(self._claim, values).all()

    def _answer_of_unclaimed(self, one: Planned, now: datetime) -> Erased | Settled | Leased | NotYet:
        since = None if one.accepted_at is None else erased_from(one.accepted_at)
        if self._run(_IS_ERASED, {"of_id": one.key.submission_id, "erased_from": since})[0][0]:
            return Erased()
        found = self._run(_FIND, _key(one.key))
        if found and found[0].state in {*SETTLED, "held"}:
            return Settled()
        if found and found[0].state == "retrying" and found[0].next_attempt_at:
            return NotYet(found[0].next_attempt_at)
        return Leased(found[0].lease_until or now if found else now)

    def release(self, claim: Claim, *, now: datetime) -> None:
        """Take a claim back; see `interface.Deliveries`."""
        self._run(_RELEASE, {**_key(claim.key), "its_owner": claim.lease_holder, "now": now})

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
        """Record what became of a claim; see `interface.Deliveries`."""
        if outcome == "sent":
            return self.record_sent([Sent(claim, now, tried)]).get(claim.key)
        values = {**_key(claim.key), "its_owner": claim.lease_holder, "outcome": outcome, "now": now, "error": error}
        values |= {"comes_back": next_attempt_at, "tried": attempt_document(claim, now, outcome, tried)}
        recorded = self._run(self._record, values)
        return _shown(recorded[0]) if recorded else None

    def record_sent(self, sent: Sequence[Sent]) -> Mapping[Key, Confirmation]:
        """Record what was sent; see `interface.Deliveries`."""
        try:
            recorded = self._run(self._record_sent, {"sent": sent_document(sent), "tried": attempts_document(sent)})
        except DependencyUnavailable:
            self._unrecorded.update({one.claim.key: one for one in sent})
            raise
        for one in sent:
            self._unrecorded.pop(one.claim.key, None)
        return {_key_of(row): _shown(row) for row in recorded}

    def due_at(self, delivery_id: UUID) -> datetime | None:
        """Return since when a delivery is due; see `interface.Deliveries`."""
        found = self._run(_DUE_AT, {"of_delivery": delivery_id})
        return found[0].due_at if found else None

    def confirmations(self, submission_id: UUID) -> list[Confirmation]:
        """Return the deliveries of a submission as they are shown: one to each destination that is still wanted."""
        found = _as_seen(self._run(_OF_SUBMISSION, {"of_id": submission_id}))
        return [replace(_shown(row), limit=_limit_of(row), error=_error_of(row)) for row in found]

    def reopen(self, submission_id: UUID, channel: str, *, now: datetime) -> None:
        """Make those of a submission and a channel pending that failed because of a bug; see `reopening.Failed`."""
        self._run(_REOPEN, {"of_id": submission_id, "of_channel": channel, "now": now})

    def reopen_delivery(self, delivery_id: UUID, *, now: datetime) -> None:
        """Make a delivery pending that failed because of a bug; see `reopening.Failed`."""
        self._run(_REOPEN_ONE, {"of_delivery": delivery_id, "now": now})

    def unsettled(self, submission_id: UUID) -> dict[UUID, str]:
        """Return the ids of a submission's deliveries that are not settled, each with its channel."""
        return {row.id: row.channel for row in self._run(_UNSETTLED, {"of_id": submission_id})}

    def _run(self, asked: Executable | Sequence[Executable], values: dict[str, Any]) -> Sequence[Row[Any]]:
        """Run one statement, or several in one transaction, and return the rows of the last."""
        *before, last = [asked] if isinstance(asked, Executable) else asked
        with classified(), self._engine.begin() as connection:
            for statement in before:
                connection.execute(statement, values)
            result = connection.execute(last, values)
            return result.all() if result.returns_rows else ()


def _key(key: Key) -> dict[str, Any]:
    return {
        "of_id": key.submission_id,
        "of_channel": key.channel,
        "of_hash": key.destination_hash,
        "of_request": key.request,
    }


def _answer_of(row: Row[Any], lease_holder: UUID, lease_until: datetime) -> ClaimAnswer:
    if row.state == "sending":
        return Claim(_key_of(row), lease_holder, lease_until, row.attempts, row.due_at)
    limit = cast("Limit", row.last_error.removeprefix(LIMITED))
    return Held(limit, row.changed_at) if row.state == "held" else Capped(limit, _shown(row))


def _shown(row: Row[Any]) -> Confirmation:
    return Confirmation(told_as(row.channel), shown_state(row.state), row.attempts, row.changed_at)


def _as_seen(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Return of each destination the newest that was sent, else the newest: what was sent stays so, whoever sends
    it once more. `rows` begin with the oldest."""
    seen = dict[tuple[str, str], Row[Any]]()
    for row in rows:
        destination = (row.channel, row.destination_hash)
        if row.state == "sent" or destination not in seen or seen[destination].state != "sent":
            seen[destination] = row
    return [seen[destination] for destination in sorted(seen)]


def _limit_of(row: Row[Any]) -> str | None:
    reason = row.last_error or ""
    return reason.removeprefix(LIMITED) if reason.startswith(LIMITED) else None


def _error_of(row: Row[Any]) -> str | None:
    if row.state == "cancelled":
        return CANCELLED
    is_told = row.state in {"retrying", "failed", "suppressed", "bounced"} and _limit_of(row) is None
    return row.last_error if is_told else None


def _key_of(row: Row[Any]) -> Key:
    return Key(row.submission_id, row.channel, row.destination_hash, row.request)


_ONE_AT_A_TIME = select(func.pg_advisory_xact_lock(crc32(b"counterfoil confirmations that are counted")))
_SHOWN = (_C.channel, _C.state, _C.attempts, _C.changed_at)
_THIS = and_(
    is_bound(_C.submission_id, "of_id"),
    is_bound(_C.channel, "of_channel"),
    is_bound(_C.destination_hash, "of_hash"),
    is_bound(_C.request, "of_request"),
)
_LEASED = and_(_THIS, _C.state == "sending", is_bound(_C.owner, "its_owner"))
_NOW = bindparam("now", type_=_C.changed_at.type)
_OUTCOME = {
    "state": bindparam("outcome"),
    "owner": None,
    "lease_until": None,
    "last_error": bindparam("error"),
    "next_attempt_at": bindparam("comes_back", type_=_C.next_attempt_at.type),
    "changed_at": _NOW,
}

_IS_ERASED = select(is_erased(bindparam("of_id", type_=Uuid()), bindparam("erased_from", type_=_C.changed_at.type)))
_FIND = select(_C.state, _C.lease_until, _C.next_attempt_at).where(_THIS)
_DUE_AT = select(_C.due_at).where(is_bound(_C.id, "of_delivery"))
_OF_SUBMISSION = (
    select(*_SHOWN, _C.last_error, _C.destination_hash)
    .where(is_bound(_C.submission_id, "of_id"))
    .where(or_(_C.state != "cancelled", func.coalesce(_C.last_error, "") != NO_LONGER_WANTED))
    .order_by(_C.created_at, _C.request)
)
_RECORD = update(deliveries).where(_LEASED).values(_OUTCOME).returning(*_SHOWN)
_RELEASE = (
    update(deliveries)
    .where(_LEASED)
    .values(state="pending", attempts=_C.attempts - 1, owner=None, lease_until=None, changed_at=_NOW)
)
_BY_A_BUG = and_(_C.state == "failed", _C.last_error.startswith(BUG, autoescape=True))
_MAY_BE_SENT = and_(_BY_A_BUG, not_(is_withheld(_C.submission_id)))
_REOPENED = update(deliveries).where(_MAY_BE_SENT).values(state="pending", last_error=None, changed_at=_NOW)
_REOPEN = _REOPENED.where(is_bound(_C.submission_id, "of_id"), is_bound(_C.channel, "of_channel"))
_REOPEN_ONE = _REOPENED.where(is_bound(_C.id, "of_delivery"))
_UNSETTLED = select(_C.id, _C.channel).where(is_bound(_C.submission_id, "of_id"), _C.state.not_in(SETTLED))
