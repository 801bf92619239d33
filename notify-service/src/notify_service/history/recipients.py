"""Answers a query over the broker: which submissions mailed to a recipient. A page at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine, select, tuple_

from notify_service.tables import deliveries
from shared.database import classified, iso, reading
from shared.messaging.broker import Answer, Params, QueryMethod

LIMIT_MOST = 500

_C = deliveries.c
_HASH = re.compile(r"[0-9a-f]{64}")


def methods(engine: Engine) -> Mapping[str, QueryMethod]:
    """Return the method `deliveries_of_recipient` by its name.

    {"recipient": what `shared.mailboxes.recipient_hash` makes of an address, "limit": 500 at most, "after": [moment,
    id] or null} answers {"submissions": [id, …], "next": …}: of whom a confirmation went to that mailbox, the first
    one first; `next` is what `after` takes for the next page, null at the end. Only what counts for a cap is known by
    its recipient: with `COUNTERFOIL_CONFIRMATIONS_PER_RECIPIENT=none` that is nothing. Raises ValueError for another
    recipient or place, and `DependencyUnavailable`.
    """

    def deliveries_of_recipient(params: Params) -> Answer:
        recipient, after = str(params["recipient"]), params.get("after")
        if not _HASH.fullmatch(recipient):
            raise ValueError("recipient: expected a SHA-256 in hex")
        limit = max(1, min(int(params["limit"]), LIMIT_MOST))
        found = select(_C.id, _C.submission_id, _C.counted_at)
        found = found.where(_C.recipient_hash == recipient, _C.counted_at.is_not(None))
        if after is not None:
            found = found.where(tuple_(_C.counted_at, _C.id) > _place(after))
        with classified(), reading(engine).connect() as connection:
            rows = connection.execute(found.order_by(_C.counted_at, _C.id).limit(limit + 1)).all()
        last = rows[limit - 1] if len(rows) > limit else None
        return {
            "submissions": list(dict.fromkeys(str(row.submission_id) for row in rows[:limit])),
            "next": None if last is None else [iso(last.counted_at), str(last.id)],
        }

    return {"deliveries_of_recipient": deliveries_of_recipient}


def _place(told: object) -> tuple[datetime, UUID]:
    if not isinstance(told, list | tuple) or len(told) != 2:
        raise ValueError("after: expected a moment and an id")
    return datetime.fromisoformat(str(told[0])), UUID(str(told[1]))
