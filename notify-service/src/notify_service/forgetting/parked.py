"""Forgets parked copies of erased submissions, and refuses what would be parked of them later."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine, delete, or_, select

from notify_service.deliveries.erasures import Accepted
from notify_service.tables import PARKED
from shared.contracts import DeliveryRequested
from shared.contracts.submission_erased import is_covered
from shared.database import classified, reading
from shared.parked.carrying import carried
from shared.parked.parsing import ParkedMessage

_M, _A = PARKED.messages.c, PARKED.actions.c


class ParkedRequests:
    """Says which parked requests to send again carry a submission: their own ids name none. Safe from many threads.

    Each is looked into once, and outside the transaction that erases: what is parked may be much, and whoever erases
    keeps all others from planning. What is parked between is looked at by `RefuseErased`, or the next time.
    """

    def __init__(self, engine: Engine) -> None:
        self._reading = reading(engine)
        self._known: Mapping[str, Accepted | None] = {}

    def carrying(self, moments: Mapping[UUID, datetime]) -> Sequence[str]:
        """Return the ids of the parked messages that carry a submission which was erased at its moment; raises
        `DependencyUnavailable`."""
        requests = select(_M.id, _M.message_id).where(_M.type == DeliveryRequested.TYPE)
        known = self._known
        with classified(), self._reading.connect() as connection:
            found = connection.execute(requests).all()
            self._known = {
                row.id: known[row.id] if row.id in known else carried(_body(connection, row.id), row.message_id)
                for row in found
            }
            return [key for key, named in self._known.items() if _is_gone(named, moments)]


def forget_parked(
    connection: Connection, moments: Mapping[UUID, datetime], message_ids: Sequence[str], requests: Sequence[str]
) -> None:
    """Remove the parked messages of these ids, and all others that carry a submission which was erased at its moment,
    with what was done about them. `requests` are what `ParkedRequests` says of these moments."""
    may_be = or_(_M.message_id.in_([*message_ids, *map(str, moments)]), _M.id.in_(requests))
    found = connection.execute(select(_M.id, _M.message_id).where(may_be)).all()
    known = {*message_ids, *requests}
    gone = [
        row.id
        for row in found
        if not known.isdisjoint((row.id, row.message_id))
        or _is_gone(carried(_body(connection, row.id), row.message_id), moments)
    ]
    if gone:
        connection.execute(delete(PARKED.actions).where(_A.parked_id.in_(gone)))
        connection.execute(delete(PARKED.messages).where(_M.id.in_(gone)))


@dataclass(frozen=True, slots=True)
class RefuseErased:
    """Says which messages are not to be kept; see `shared.parked.collector.keeper`.

    `erased_among` is `erasure_table.ErasureTable.erased_among`.
    """

    erased_among: Callable[[Collection[Accepted]], Collection[Accepted]]

    def __call__(self, parking: ParkedMessage) -> bool:
        """Say whether a message carries an erased submission; raises `DependencyUnavailable`."""
        named = carried(parking.body, parking.message_id)
        if named is None or not self.erased_among([named]):
            return False
        structlog.get_logger().info("not parked: it is erased", submission=str(named[0]), type=parking.type)
        return True


def _is_gone(named: Accepted | None, moments: Mapping[UUID, datetime]) -> bool:
    if named is None or named[0] not in moments:
        return False
    return named[1] is None or is_covered(named[1], moments[named[0]])


def _body(connection: Connection, parked_id: str) -> bytes:
    """Return one body: all at once may be more than the memory holds."""
    return bytes(connection.scalar(select(_M.body).where(_M.id == parked_id)) or b"")
