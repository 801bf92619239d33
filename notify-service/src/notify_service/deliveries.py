"""Who sends which confirmation, and what has become of it: the claim table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row, and_, bindparam, select, update
from sqlalchemy.sql import Executable

from notify_service.claiming import claim_statement, is_bound
from notify_service.domain import BUG, Capped, Channel, Claim, ClaimAnswer, Key, Leased, Outcome, Settled, shown_state
from notify_service.recipients import Cap
from notify_service.tables import confirmations
from shared.contracts import Confirmation
from shared.database import classified
from shared.messaging.failures import DependencyUnavailable

_C = confirmations.c


class ClaimTable:
    """`handler.Deliveries` in a database. Safe to use from many threads, and by many processes at once.

    Each method is one statement, or a second one that only reads: on PostgreSQL each commits by itself.
    Without a `cap` nothing is counted.
    """

    def __init__(self, engine: Engine, cap: Cap | None = None) -> None:
        postgresql = engine.dialect.name == "postgresql"
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT") if postgresql else engine
        self._cap = cap
        self._claim = claim_statement(engine.dialect.name, cap)
        self._unrecorded: dict[Key, tuple[Claim, datetime]] = {}

    def claim(self, key: Key, *, recipient: str, owner: UUID, now: datetime, lease_until: datetime) -> ClaimAnswer:
        """Claim one confirmation; see `handler.Deliveries`."""
        late = {one.key: self.record(one, "sent", now=sent_at) for one, sent_at in list(self._unrecorded.values())}
        if key in late:
            return Settled(news=late[key])
        values = {**_key(key), "new_owner": owner, "now": now, "new_lease": lease_until}
        if self._cap is not None:
            values |= {"of_recipient": recipient, "since": now - self._cap.period}
        claimed = self._run(self._claim, values)
        if claimed and claimed[0].state == "failed":
            return Capped(_shown(claimed[0]))
        if claimed:
            return Claim(key, owner, lease_until, attempts=claimed[0].attempts)
        found = self._run(_FIND, _key(key))
        if found and found[0].state in {"sent", "failed"}:
            return Settled()
        return Leased(found[0].lease_until or now if found else now)

    def release(self, claim: Claim, *, now: datetime) -> None:
        """Take a claim back; see `handler.Deliveries`."""
        self._run(_RELEASE, {**_key(claim.key), "its_owner": claim.owner, "now": now})

    def record(self, claim: Claim, outcome: Outcome, *, now: datetime, error: str | None = None) -> Confirmation | None:
        """Record what became of a claim; see `handler.Deliveries`."""
        values = {**_key(claim.key), "its_owner": claim.owner, "outcome": outcome, "now": now, "error": error}
        if outcome != "sent":
            return _first(self._run(_RECORD, values))
        try:
            recorded = self._run(_RECORD_SENT, values)
        except DependencyUnavailable:
            self._unrecorded[claim.key] = (claim, now)
            raise
        self._unrecorded.pop(claim.key, None)
        return _first(recorded)

    def confirmations(self, submission_id: UUID) -> list[Confirmation]:
        """Return the confirmations of a submission, and its webhook, as they are shown."""
        return [_shown(row) for row in self._run(_OF_SUBMISSION, {"of_id": submission_id})]

    def reopen(self, submission_id: UUID, channel: Channel, *, now: datetime) -> None:
        """Make those of a submission pending that failed because of a bug; see `reopening.Failed`."""
        self._run(_REOPEN, {"of_id": submission_id, "of_channel": channel, "now": now})

    def _run(self, statement: Executable, values: dict[str, Any]) -> Sequence[Row[Any]]:
        with classified(), self._engine.begin() as connection:
            result = connection.execute(statement, values)
            return result.all() if result.returns_rows else ()


def _key(key: Key) -> dict[str, Any]:
    return {"of_id": key.submission_id, "of_channel": key.channel, "of_hash": key.destination_hash}


def _shown(row: Row[Any]) -> Confirmation:
    return Confirmation(row.channel, shown_state(row.state), row.attempts, row.changed_at)


def _first(rows: Sequence[Row[Any]]) -> Confirmation | None:
    return _shown(rows[0]) if rows else None


_SHOWN = (_C.channel, _C.state, _C.attempts, _C.changed_at)
_THIS = and_(
    is_bound(_C.submission_id, "of_id"), is_bound(_C.channel, "of_channel"), is_bound(_C.destination_hash, "of_hash")
)
_HELD = and_(_THIS, _C.state == "sending", is_bound(_C.owner, "its_owner"))
_NOW = bindparam("now", type_=_C.changed_at.type)
_OUTCOME = {
    "state": bindparam("outcome"),
    "owner": None,
    "lease_until": None,
    "last_error": bindparam("error"),
    "changed_at": _NOW,
}

_FIND = select(_C.state, _C.lease_until).where(_THIS)
_OF_SUBMISSION = select(*_SHOWN).where(is_bound(_C.submission_id, "of_id")).order_by(_C.channel, _C.destination_hash)
_RECORD = update(confirmations).where(_HELD).values(_OUTCOME).returning(*_SHOWN)
_RECORD_SENT = update(confirmations).where(_THIS, _C.state != "sent").values(_OUTCOME).returning(*_SHOWN)
_RELEASE = (
    update(confirmations)
    .where(_HELD)
    .values(state="pending", attempts=_C.attempts - 1, owner=None, lease_until=None, changed_at=_NOW)
)
_REOPEN = (
    update(confirmations)
    .where(is_bound(_C.submission_id, "of_id"), is_bound(_C.channel, "of_channel"))
    .where(_C.state == "failed", _C.last_error.startswith(BUG, autoescape=True))
    .values(state="pending", last_error=None, changed_at=_NOW)
)
