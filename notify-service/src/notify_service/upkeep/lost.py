"""What is done about deliveries whose message is gone: storage is asked for the event, or they have failed, visibly.

See docs/decisions/0042-lost-messages.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Protocol
from uuid import UUID, uuid4

import structlog
from sqlalchemy import Connection, Engine, Uuid, and_, bindparam, or_, update

from notify_service.channels.registry import CHANNELS
from notify_service.deliveries.retries import LOST
from notify_service.tables import deliveries
from notify_service.upkeep.open_rows import OpenRow, overdue
from shared.contracts import MISSING_MOST, DeliveryMissing, Missing
from shared.database import Outbox, classified
from shared.messaging.message import message_of

AT_ONCE_MOST = 5000
"""How many are looked at in one turn."""

_C = deliveries.c
_THESE = _C.id.in_(bindparam("of_ids", type_=Uuid(), expanding=True))
_NO_LEASE = or_(_C.state != "sending", _C.lease_until <= bindparam("now", type_=_C.lease_until.type))
_ARE_OPEN = and_(_THESE, _C.state.in_(("pending", "sending", "retrying")), _NO_LEASE)
_LOSE = (
    update(deliveries)
    .where(_ARE_OPEN)
    .values(state="failed", last_error=LOST, owner=None, lease_until=None, next_attempt_at=None)
    .values(changed_at=bindparam("now", type_=_C.changed_at.type))
    .returning(_C.id, _C.channel)
)
_NOTE = update(deliveries).where(_THESE).values(published_again_at=bindparam("now", type_=_C.published_again_at.type))


class Queues(Protocol):
    """Knows how many messages wait in the queues that lead to a delivery."""

    def waiting(self) -> tuple[int, int]:
        """Return how many are ready in the work queues, and how many on delay levels; raises
        `DependencyUnavailable`."""


@dataclass(frozen=True, slots=True)
class LostMessages:
    """Finds them, while the work queues are empty.

    `parked` says which of these message ids wait for a person: theirs are not lost. `is_away` says that a transport is
    resting: its messages may be held by a consumer, where no queue counts them. `count_lost` is told each channel.
    """

    engine: Engine
    queues: Queues
    outbox: Outbox
    parked: Callable[[Sequence[str]], Collection[str]]
    is_away: Callable[[str], bool]
    count_lost: Callable[[str], None] = lambda _: None

    def __call__(self, now: datetime) -> None:
        """Look once; raises `DependencyUnavailable`. While nothing is overdue, the broker is not asked."""
        if next(overdue(self.engine, now, levels_are_empty=True), None) is None:
            return
        ready, on_levels = self.queues.waiting()
        if ready:
            return
        rows = list(islice(overdue(self.engine, now, levels_are_empty=on_levels == 0), AT_ONCE_MOST))
        for start in range(0, len(rows), MISSING_MOST):
            self._look_after(rows[start : start + MISSING_MOST], now)

    def _look_after(self, rows: Sequence[OpenRow], now: datetime) -> None:
        standing = self.parked([str(one) for row in rows for one in (row.id, row.submission_id)])
        gone = [row for row in rows if not self._may_be_here(row, standing)]
        lost = [row.id for row in gone if row.is_lost(now)]
        missing = [row for row in gone if not row.is_lost(now)]
        with classified(), self.engine.begin() as connection:
            if lost:
                self._lose(connection, lost, now)
            if missing:
                self._ask(connection, missing, now)

    def _may_be_here(self, row: OpenRow, standing: Collection[str]) -> bool:
        is_parked = str(row.id) in standing or str(row.submission_id) in standing
        return is_parked or row.channel not in CHANNELS or self.is_away(CHANNELS[row.channel].transport)

    def _lose(self, connection: Connection, lost: Sequence[UUID], now: datetime) -> None:
        rows = connection.execute(_LOSE, {"of_ids": lost, "now": now}).all()
        for row in rows:
            self.count_lost(row.channel)
        structlog.get_logger().warning("deliveries lost", count=len(rows), first=[str(row.id) for row in rows[:5]])

    def _ask(self, connection: Connection, missing: Sequence[OpenRow], now: datetime) -> None:
        asked = tuple(Missing(o.submission_id, o.id, o.channel, o.destination, o.request) for o in missing)
        self.outbox.add(connection, [message_of(DeliveryMissing(uuid4(), asked))])
        connection.execute(_NOTE, {"of_ids": [one.id for one in missing], "now": now})
        first = [str(one.id) for one in missing[:5]]
        structlog.get_logger().warning("asking storage for deliveries", count=len(missing), first=first)
