"""Reads the deliveries that are not settled, and says of each whether its message must have come by now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row, and_, bindparam, or_, select, text, tuple_

from notify_service.deliveries.caps import LIMITED
from notify_service.deliveries.retries import LOST_AFTER, PAUSE_MOST_S
from notify_service.deliveries.states import State
from notify_service.tables import deliveries
from shared.database import classified, reading

DUE_FOR = timedelta(minutes=5)
"""How long a message may be on its way."""

ASKED_AGAIN_AFTER = timedelta(seconds=PAUSE_MOST_S)
"""How soon to ask for the same event again: no message waits for longer on a delay level."""

OPEN: tuple[State, ...] = ("pending", "sending", "retrying", "held")
PAGE = 500
PAGES_MOST = 20

_THE_FIRST = datetime(2000, 1, 1, tzinfo=UTC)

_C = deliveries.c
_MOMENT = _C.changed_at.type
_OUT_OF_THE_INDEX = text("deliveries.state <> 'sent'")
_IS_UNASKED = or_(
    _C.published_again_at.is_(None),
    _C.published_again_at <= bindparam("asked_before", type_=_C.published_again_at.type),
)
_IS_TO_BE_SENT = or_(_C.state != "held", _C.last_error.startswith(LIMITED, autoescape=True))
_IS_OLD = and_(_C.state != "held", _C.due_at <= bindparam("lost_before", type_=_C.due_at.type))
_OF_STATE = (
    select(_C.id, _C.submission_id, _C.channel, _C.destination_hash, _C.request, _C.state)
    .add_columns(_C.due_at, _C.next_attempt_at, _C.lease_until, _C.changed_at)
    .where(_OUT_OF_THE_INDEX, _C.state == bindparam("of_state"), _C.changed_at <= bindparam("before", type_=_MOMENT))
    .where(_IS_TO_BE_SENT, or_(_IS_UNASKED, _IS_OLD))
    .where(
        tuple_(_C.changed_at, _C.id) > tuple_(bindparam("moment", type_=_MOMENT), bindparam("last", type_=_C.id.type))
    )
    .order_by(_C.changed_at, _C.id)
    .limit(PAGE)
)


@dataclass(frozen=True, slots=True)
class OpenRow:
    """A delivery that is not settled, and since when its message must be here."""

    id: UUID
    submission_id: UUID
    channel: str
    destination: str
    request: UUID
    state: State
    since: datetime
    due_at: datetime | None

    def is_lost(self, now: datetime) -> bool:
        """Say whether it is due for so long that it has failed."""
        return self.state != "held" and self.due_at is not None and now - self.due_at >= LOST_AFTER


def overdue(engine: Engine, now: datetime, *, levels_are_empty: bool) -> Iterator[OpenRow]:
    """Return the deliveries whose message must have come `DUE_FOR` ago, and that nobody has asked for lately, and those
    that are too old. Raises `DependencyUnavailable`."""
    for state in OPEN:
        for row in _rows(engine, state, now):
            since = expected_at(row, levels_are_empty=levels_are_empty)
            if since + DUE_FOR <= now:
                named = (row.id, row.submission_id, row.channel, row.destination_hash, row.request)
                yield OpenRow(*named, row.state, since, row.due_at)


def expected_at(row: Any, *, levels_are_empty: bool) -> datetime:
    """Return when the message of a row must have come.

    A pause is scattered: it may last a quarter longer than `next_attempt_at` says. What is pending may have been put
    aside, which its row does not tell: its message is on a delay level then.
    """
    changed_at: datetime = row.changed_at
    if row.state == "sending":
        return row.lease_until or changed_at
    if row.next_attempt_at is not None:
        again_at: datetime = row.next_attempt_at
        return again_at + max(timedelta(), again_at - changed_at) / 4 if row.state == "retrying" else again_at
    return changed_at if row.state == "pending" and levels_are_empty else changed_at + ASKED_AGAIN_AFTER


def _rows(engine: Engine, state: State, now: datetime) -> Iterator[Row[Any]]:
    values: dict[str, Any] = {
        "of_state": state,
        "before": now - DUE_FOR,
        "asked_before": now - ASKED_AGAIN_AFTER,
        "lost_before": now - LOST_AFTER,
        "moment": _THE_FIRST,
        "last": UUID(int=0),
    }
    for _ in range(PAGES_MOST):
        with classified(), reading(engine).connect() as connection:
            rows: Sequence[Row[Any]] = connection.execute(_OF_STATE, values).all()
        yield from rows
        if len(rows) < PAGE:
            return
        values |= {"moment": rows[-1].changed_at, "last": rows[-1].id}
