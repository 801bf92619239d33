"""Shows the deliveries of one submission to its owner, with each try."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row, Uuid, bindparam, select

from notify_service.channels.registry import told_as
from notify_service.deliveries.caps import LIMITED
from notify_service.history.words import in_words
from notify_service.tables import deliveries, delivery_attempts
from shared.database import classified, iso, reading

DELIVERIES_MOST = 100
TRIES_MOST = 5
"""How many are shown, the newest: an answer over the broker has an end, about 400 kB at these."""

_D, _A = deliveries.c, delivery_attempts.c
_OF_SUBMISSION = (
    select(deliveries)
    .where(_D.submission_id == bindparam("of_id", type_=Uuid()))
    .order_by(_D.created_at.desc(), _D.channel, _D.destination_hash)
    .limit(DELIVERIES_MOST)
)
_OF_DELIVERIES = (
    select(delivery_attempts)
    .where(_A.delivery_id.in_(bindparam("of_ids", type_=Uuid(), expanding=True)))
    .order_by(_A.delivery_id, _A.number.desc())
)


class History:
    """Reads what became of a submission's deliveries."""

    def __init__(self, engine: Engine) -> None:
        self._engine = reading(engine)

    def of_submission(self, submission_id: UUID) -> list[dict[str, Any]]:
        """Return its deliveries as JSON objects, by channel, each with its last tries; raises `DependencyUnavailable`.

        Each has `id`, `channel`, `destination` (never a whole address), `state`, `attempts`, `tries` (the newest first:
        `number`, `at`, `took_ms`, `outcome`, `said`), `reason` in an owner's words, `error` (the class of failure),
        `limit`, `requested_by` (who asked to send it again), `created_at`, `changed_at` and `next_attempt_at`; null
        where there is none.
        """
        with classified(), self._engine.connect() as connection:
            found = connection.execute(_OF_SUBMISSION, {"of_id": submission_id}).all()
            kept = connection.execute(_OF_DELIVERIES, {"of_ids": [row.id for row in found]}).all() if found else ()
        tries = defaultdict[UUID, list[Row[Any]]](list)
        for one in kept:
            if len(tries[one.delivery_id]) < TRIES_MOST:
                tries[one.delivery_id].append(one)
        ordered = sorted(found, key=lambda row: (told_as(row.channel), row.destination_hash, row.created_at))
        return [_delivery(row, tries[row.id]) for row in ordered]


def _delivery(row: Row[Any], tries: Sequence[Row[Any]]) -> dict[str, Any]:
    error, is_over = row.last_error, row.state == "sent"
    limit = error.removeprefix(LIMITED) if error and error.startswith(LIMITED) else None
    return {
        "id": str(row.id),
        "channel": told_as(row.channel),
        "destination": row.destination_shown,
        "state": row.state,
        "attempts": row.attempts,
        "reason": in_words(row.state, error, tries[0].said if tries else "") or None,
        "error": None if is_over or limit else error,
        "limit": limit,
        "requested_by": row.requested_by,
        "created_at": iso(row.created_at),
        "changed_at": iso(row.changed_at),
        "next_attempt_at": iso(row.next_attempt_at) if row.next_attempt_at else None,
        "tries": [
            {"number": one.number, "at": iso(one.at), "took_ms": one.took_ms, "outcome": one.outcome, "said": one.said}
            for one in tries
        ],
    }
