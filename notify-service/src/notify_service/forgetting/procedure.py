"""Forgets all that notify knows of submissions, in the caller's transaction.

What was accepted under an erased id after the grace of its erasure is a new submission: it is left alone. That is told
by what is planned, which notes the moment of acceptance; a delivery belongs to the later one where it was made with it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, select, tuple_

from notify_service.forgetting.outbox import forget_news
from notify_service.forgetting.parked import forget_parked
from notify_service.tables import (
    DIGESTS,
    deliveries,
    delivery_attempts,
    mail_bounces,
    open_requests,
    planned_submissions,
    verdicts,
)
from shared.contracts.submission_erased import is_covered

_D, _P, _V = deliveries.c, planned_submissions.c, verdicts.c
_ASKED = "request "


def forget(connection: Connection, moments: Mapping[UUID, datetime], requests: Sequence[str] = ()) -> None:
    """Forget submissions, each erased at a moment, with all copies of them that are parked or wait to be published.

    `requests` are what `parked.ParkedRequests` says of them.
    """
    if not moments:
        return
    planned = connection.execute(select(*_P).where(_P.submission_id.in_(moments))).all()
    gone = [
        row for row in planned if row.accepted_at is None or is_covered(row.accepted_at, moments[row.submission_id])
    ]
    later = _later(planned, gone)
    _forget_planned(connection, gone)
    made = select(_D.id, _D.submission_id, _D.created_at, _D.told_at).where(_D.submission_id.in_(moments))
    made = made.order_by(_D.submission_id, _D.destination_hash).with_for_update()  # as workers claim them
    rows = [row for row in connection.execute(made) if _is_before(row, later, row.created_at)]
    _forget_deliveries(connection, [row.id for row in rows])
    decided = connection.execute(select(_V.submission_id, _V.decided_at).where(_V.submission_id.in_(moments))).all()
    over = [row.submission_id for row in decided if _is_before(row, later, row.decided_at)]
    if over:
        connection.execute(delete(verdicts).where(_V.submission_id.in_(over)))
    if any(row.told_at is not None for row in rows):
        forget_news(connection, {row.id for row in rows})
    asked = [row.fingerprint.removeprefix(_ASKED) for row in gone if row.fingerprint.startswith(_ASKED)]
    forget_parked(connection, moments, [*asked, *(str(row.id) for row in rows)], requests)


def _later(planned: Sequence[Row[Any]], gone: Collection[Row[Any]]) -> Mapping[UUID, datetime]:
    """Return since when a later submission is planned, by the id."""
    since = dict[UUID, datetime]()
    for row in planned:
        if row not in gone:
            since[row.submission_id] = min(row.planned_at, since.get(row.submission_id, row.planned_at))
    return since


def _is_before(row: Any, later: Mapping[UUID, datetime], moment: datetime) -> bool:
    return row.submission_id not in later or moment < later[row.submission_id]


def _forget_planned(connection: Connection, gone: Sequence[Row[Any]]) -> None:
    if gone:
        keys = [(row.submission_id, row.fingerprint) for row in gone]
        connection.execute(delete(planned_submissions).where(tuple_(_P.submission_id, _P.fingerprint).in_(keys)))


def _forget_deliveries(connection: Connection, ids: Sequence[UUID]) -> None:
    if ids:
        of_them = (mail_bounces.c.mail_id, delivery_attempts.c.delivery_id, open_requests.c.delivery_id)
        for column in (*of_them, DIGESTS.items.c.delivery_id, _D.id):
            connection.execute(delete(column.table).where(column.in_(ids)))
