"""Tells storage of deliveries that are out of the ordinary: what failed or is held, and what becomes of it.

The row is what decides: a state that was not told is told later, in one transaction with the note that it was. So
nothing is told that is not committed, and what failed before there was any telling is told like all else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, Row, func, literal_column, select, update

from notify_service.history.words import in_words
from notify_service.tables import TOLD_STATE, UNTOLD, deliveries
from shared.contracts import NO_REQUEST, SETTLED_MOST, DeliverySettled, DeliveryState
from shared.database import Outbox, classified, reading
from shared.messaging.message import message_of

_C = deliveries.c
_TEXT_MOST = 500
_NAME_MOST = 64


@dataclass(frozen=True, slots=True)
class TellStorage:
    """Adds to the outbox what storage has not been told; see `outbox_publisher.Fill`."""

    engine: Engine
    outbox: Outbox

    def __call__(self) -> int:
        """Add one message, of `SETTLED_MOST` deliveries at most; return of how many. Raises `DependencyUnavailable`."""
        with classified(), reading(self.engine).connect() as connection:
            if connection.scalar(select(_C.id).where(UNTOLD).limit(1)) is None:
                return 0
        with classified(), self.engine.begin() as connection:
            some = select(_C.id).where(UNTOLD).limit(SETTLED_MOST).with_for_update(skip_locked=True)
            told = update(deliveries).where(_C.id.in_(some)).values(told=literal_column(TOLD_STATE)).returning(*_TOLD)
            states = tuple(_state(row) for row in connection.execute(told))
            if states:
                self.outbox.add(connection, [message_of(DeliverySettled(uuid4(), states))])
            return len(states)


_TOLD = (
    *(_C.id, _C.submission_id, _C.form, _C.channel, _C.destination_shown, _C.attempts, _C.last_error, _C.changed_at),
    func.coalesce(_C.last_request, _C.request).label("asked_by"),
    _C.told,
)


def _state(row: Row[Any]) -> DeliveryState:
    return DeliveryState(
        submission_id=row.submission_id,
        delivery_id=row.id,
        channel=row.channel[:_NAME_MOST],
        destination_shown=row.destination_shown[:_TEXT_MOST],
        state=row.told,
        attempts=row.attempts,
        changed_at=row.changed_at,
        form=None if row.form is None else row.form[:_NAME_MOST],
        request=row.asked_by or NO_REQUEST,
        reason=None if row.last_error is None else row.last_error[:_TEXT_MOST],
        words=in_words(row.told, row.last_error)[:_TEXT_MOST] or None,
    )
