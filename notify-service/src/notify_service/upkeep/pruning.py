"""Forgets old tries, a few at once, so that nobody waits for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, bindparam, delete, select, tuple_

from notify_service.tables import delivery_attempts
from shared.database import classified

KEPT_FOR = timedelta(days=30)
BATCH = 500
BATCHES_MOST = 20

_A = delivery_attempts.c
_OLD = (
    select(_A.delivery_id, _A.number).where(_A.at < bindparam("before", type_=_A.at.type)).order_by(_A.at).limit(BATCH)
)
_FORGET = delete(delivery_attempts).where(tuple_(_A.delivery_id, _A.number).in_(_OLD))


def forget_old_tries(engine: Engine, now: datetime) -> int:
    """Remove tries older than `KEPT_FOR`, `BATCH` in a transaction, and return how many were; the others stay for the
    next time. Raises `DependencyUnavailable`."""
    removed = 0
    for _ in range(BATCHES_MOST):
        with classified(), engine.begin() as connection:
            count = connection.execute(_FORGET, {"before": now - KEPT_FOR}).rowcount
        removed += count
        if count < BATCH:
            break
    return removed
