"""Tells storage of deliveries that are out of the ordinary: what failed or is held, and what becomes of it.

The row is what decides: a state that was not told is told later, in one transaction with the note that it was. So
nothing is told that is not committed, and what failed before there was any telling is told like all else.

Storage takes what has the later moment for the newer. Each replica has a clock of its own, so what is told of a
delivery has a later moment than all that was told of it before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, Row, bindparam, delete, literal_column, select, update

from notify_service.channels.hook import OF_ERASURE
from notify_service.history.words import in_words
from notify_service.tables import TOLD_STATE, UNTOLD, deliveries, open_requests
from shared.contracts import NO_REQUEST, SETTLED_MOST, DeliverySettled, DeliveryState
from shared.database import Outbox, classified, reading
from shared.messaging.message import message_of

_C, _O = deliveries.c, open_requests.c
_TEXT_MOST = 500
_NAME_MOST = 64
_UNDER_WAY = "pending"
_A_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class TellStorage:
    """Adds to the outbox what storage has not been told; see `outbox_publisher.Fill`."""

    engine: Engine
    outbox: Outbox

    def __call__(self) -> int:
        """Add what has become of `SETTLED_MOST` deliveries at most; return of how many. Raises
        `DependencyUnavailable`."""
        with classified(), reading(self.engine).connect() as connection:
            if connection.scalar(select(_C.id).where(UNTOLD).limit(1)) is None:
                return 0
        with classified(), self.engine.begin() as connection:
            rows = connection.execute(_SOME.limit(SETTLED_MOST)).all()
            if rows:
                self._tell(connection, rows)
            return len(rows)

    def _tell(self, connection: Connection, rows: Sequence[Row[Any]]) -> None:
        waiting = _no_longer_open(connection, [row.id for row in rows if row.now_told != _UNDER_WAY])
        shown = [row for row in rows if not row.destination_hash.endswith(OF_ERASURE)]  # storage has no such submission
        states = [_state(row, request) for row in shown for request in _asked_by(row, waiting)]
        for some in _in_messages(states):
            self.outbox.add(connection, [message_of(DeliverySettled(uuid4(), some))])
        connection.execute(_NOTE, [_note(row) for row in rows])


_SOME = (
    select(_C.id, _C.submission_id, _C.form, _C.channel, _C.destination_shown, _C.attempts, _C.last_error)
    .add_columns(
        _C.destination_hash,
        _C.changed_at,
        _C.last_request,
        _C.request,
        _C.told_at,
        literal_column(TOLD_STATE).label("now_told"),
    )
    .where(UNTOLD)
    .with_for_update(skip_locked=True)
)
_NOTE = (
    update(deliveries)
    .where(_C.id == bindparam("of", type_=_C.id.type))
    .values(told=bindparam("now_told"), told_at=bindparam("now_told_at", type_=_C.told_at.type))
)


def _no_longer_open(connection: Connection, ended: Sequence[UUID]) -> Mapping[UUID, list[UUID]]:
    """Return the open requests of deliveries that have come to an end, which answers them."""
    found = defaultdict[UUID, list[UUID]](list)
    if ended:
        answered = delete(open_requests).where(_O.delivery_id.in_(ended)).returning(_O.delivery_id, _O.request)
        for row in connection.execute(answered):
            found[row.delivery_id].append(row.request)
    return found


def _asked_by(row: Row[Any], waiting: Mapping[UUID, Sequence[UUID]]) -> Sequence[UUID]:
    """Return the requests that are told of a delivery, the last one first: all that an end answers."""
    asked = dict.fromkeys((row.last_request, row.request, *waiting.get(row.id, ())))
    named = [one for one in asked if one not in {None, NO_REQUEST}] or [NO_REQUEST]
    return named[:1] if row.now_told == _UNDER_WAY else named


def _in_messages(states: Sequence[DeliveryState]) -> Iterator[tuple[DeliveryState, ...]]:
    for start in range(0, len(states), SETTLED_MOST):
        yield tuple(states[start : start + SETTLED_MOST])


def _note(row: Row[Any]) -> dict[str, Any]:
    return {"of": row.id, "now_told": row.now_told, "now_told_at": _moment(row)}


def _moment(row: Row[Any]) -> datetime:
    changed_at: datetime = row.changed_at
    return changed_at if row.told_at is None else max(changed_at, row.told_at + _A_MOMENT)


def _state(row: Row[Any], request: UUID) -> DeliveryState:
    return DeliveryState(
        submission_id=row.submission_id,
        delivery_id=row.id,
        channel=row.channel[:_NAME_MOST],
        destination_shown=row.destination_shown[:_TEXT_MOST],
        state=row.now_told,
        attempts=row.attempts,
        changed_at=_moment(row),
        form=None if row.form is None else row.form[:_NAME_MOST],
        request=request,
        reason=None if row.last_error is None else row.last_error[:_TEXT_MOST],
        words=in_words(row.now_told, row.last_error)[:_TEXT_MOST] or None,
    )
