"""Records what notify tells of deliveries: the newest counts, in whatever order it comes, and however often."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from shared.contracts import NO_REQUEST, DeliveryState
from shared.database import classified
from storage_service.tables import delivery_requests, delivery_states, submissions

_ALSO_FAILED = frozenset({"suppressed", "bounced"})
"""States of notify's that stand here as failed: an owner finds them there, and the reason and its words say which."""

UNSETTLED = "pending"
"""The one state that a delivery does not end in."""

_S, _R = delivery_states.c, delivery_requests.c


class DeliveryStates:
    """The states in a database. Safe to use from several threads, and beside other replicas."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    def record(self, told: Iterable[DeliveryState], now: datetime) -> int:
        """Record what is newer than what is known, in one transaction, and return how many that is.

        Of what is erased, or anonymous, nothing is recorded.

        What has come to its end ends the request that asked for it, also where that is known already: what was sent
        before its request came is told once more. Raises as `classified` does.
        """
        told = list(told)
        newest = _newest(told)
        if not newest:
            return 0
        with classified(), self._engine.begin() as connection:
            gone = _forgotten(connection, {one.submission_id for one in newest})
            kept = [one for one in newest if one.submission_id not in gone]
            recorded = self._recorded(connection, kept) if kept else set[UUID]()
            settled = {one.request for one in told if one.state != UNSETTLED and one.request != NO_REQUEST}
            if settled:
                ended = update(delivery_requests).where(_R.id.in_(settled), _R.settled_at.is_(None))
                connection.execute(ended.values(settled_at=now))
        return len(recorded)

    def _recorded(self, connection: Connection, newest: Sequence[DeliveryState]) -> set[UUID]:
        """Record them, and return those that were newer than what was known."""
        insert = self._insert(delivery_states).values([_values(one) for one in newest])
        new = insert.excluded
        is_newer = or_(
            _S.changed_at < new.changed_at, and_(_S.changed_at == new.changed_at, _S.attempts < new.attempts)
        )
        values = {one.name: new[one.name] for one in _S if one is not _S.delivery_id and one is not _S.asked}
        statement = insert.on_conflict_do_update(
            index_elements=[_S.delivery_id], set_={**values, "asked": None}, where=is_newer
        )
        return set(connection.scalars(statement.returning(_S.delivery_id)))


def _forgotten(connection: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Return which of these submissions are erased, or anonymous; none of the others is before the transaction ends."""
    found = select(submissions.c.id, submissions.c.erased_at, submissions.c.anonymised_at)
    found = found.where(submissions.c.id.in_(ids)).order_by(submissions.c.id)
    rows = connection.execute(found.with_for_update(read=True, key_share=True))
    return {row.id for row in rows if row.erased_at or row.anonymised_at}


def _newest(told: Iterable[DeliveryState]) -> list[DeliveryState]:
    """Return one of each delivery, the newest, in the order of their ids: two replicas then wait for each other, and
    never in a circle."""
    found = dict[UUID, DeliveryState]()
    for one in told:
        before = found.setdefault(one.delivery_id, one)
        if (one.changed_at, one.attempts) > (before.changed_at, before.attempts):
            found[one.delivery_id] = one
    return [found[key] for key in sorted(found)]


def _values(one: DeliveryState) -> dict[str, Any]:
    return {
        "delivery_id": one.delivery_id,
        "submission_id": one.submission_id,
        "form": one.form,
        "channel": one.channel,
        "destination_shown": one.destination_shown,
        "request": one.request,
        "state": "failed" if one.state in _ALSO_FAILED else one.state,
        "attempts": one.attempts,
        "reason": one.reason,
        "words": one.words,
        "changed_at": one.changed_at,
    }
