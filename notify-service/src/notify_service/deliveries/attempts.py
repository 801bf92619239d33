"""The statement that keeps tries: it goes along with what records their outcome, and takes no further round trip."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Update, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Executable

from notify_service.deliveries.documents import documents
from notify_service.deliveries.states import Claim, Outcome, Sent, Tried
from notify_service.tables import deliveries, delivery_attempts
from shared.database import iso

SAID_MOST = 500

_COLUMNS = tuple(delivery_attempts.c)


def with_attempts(dialect: str, recording: Update) -> Sequence[Executable]:
    """Return a statement with what keeps the tries, which are its parameter `tried`.

    On PostgreSQL that is one statement, on SQLite, where there is no round trip, two: the last returns the rows. A try
    that is kept already stays as it is. Of a delivery that is gone, because its submission is erased, none is kept.
    """
    tried = documents(dialect, "tried", _COLUMNS)
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(delivery_attempts)
    is_known = select(literal(1)).where(deliveries.c.id == tried.c.delivery_id).exists()
    insert = insert.from_select([one.name for one in _COLUMNS], select(*tried.c).where(is_known))
    insert = insert.on_conflict_do_nothing()
    if dialect == "postgresql":
        return [recording.add_cte(insert.cte("kept"))]
    return [insert, recording]


def attempts_document(sent: Sequence[Sent]) -> str:
    """Return the parameter `tried` for what was sent."""
    return json.dumps([_attempt(one.claim, one.at, "sent", one.tried) for one in sent])


def attempt_document(claim: Claim, at: datetime, outcome: Outcome, tried: Tried) -> str:
    """Return the parameter `tried` for one try."""
    return json.dumps([_attempt(claim, at, outcome, tried)])


def _attempt(claim: Claim, at: datetime, outcome: Outcome, tried: Tried) -> dict[str, str | int]:
    return {
        "delivery_id": str(claim.key.id),
        "number": claim.attempts,
        "at": iso(at),
        "took_ms": tried.took_ms,
        "outcome": outcome,
        "said": tried.said[:SAID_MOST],
    }
