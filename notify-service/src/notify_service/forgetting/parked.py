"""Forgets parked copies of erased submissions, and refuses what would be parked of them later."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection, delete, or_, select

from notify_service.deliveries.erasures import Accepted
from notify_service.tables import PARKED
from shared.contracts import DeliveryRequested
from shared.contracts.submission_erased import is_covered
from shared.parked.carrying import carried
from shared.parked.parsing import ParkedMessage

_M, _A = PARKED.messages.c, PARKED.actions.c


def forget_parked(connection: Connection, moments: Mapping[UUID, datetime], message_ids: Sequence[str]) -> None:
    """Remove the parked messages of these ids, and all others that carry a submission which was erased at its moment,
    with what was done about them.

    The id of a request to send again names no submission: each such message that is parked is looked into.
    """
    known = set(message_ids)
    may_be = or_(_M.message_id.in_([*known, *map(str, moments)]), _M.type == DeliveryRequested.TYPE)
    found = connection.execute(select(_M.id, _M.message_id).where(may_be)).all()
    gone = [
        row.id
        for row in found
        if row.message_id in known or _is_gone(carried(_body(connection, row.id), row.message_id), moments)
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
