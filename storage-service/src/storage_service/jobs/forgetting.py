"""Forgets jobs that ended long ago, one in each short transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, select

from shared.database import classified, reading
from storage_service.tables import JOBS

KEPT_FOR = timedelta(days=30)
"""How long a job that has ended is shown, and can be undone."""

LOOK_EVERY = timedelta(minutes=10)

_J = JOBS.jobs.c


class Forgetting:
    """Forgets, called while nothing else waits. It looks now and then, and at once again while there is more."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._clock = clock
        self._next_look: datetime | None = None

    def __call__(self) -> int:
        """Remove one, with its set, and return how many were; raises `DependencyUnavailable`."""
        now = self._clock()
        if self._next_look is not None and now < self._next_look:
            return 0
        old = select(_J.id).where(_J.finished_at < now - KEPT_FOR, _J.created_at < now - KEPT_FOR)
        with classified(), self._reading.connect() as connection:
            key = connection.scalar(old.order_by(_J.created_at).limit(1))
        if key is None:
            self._next_look = now + LOOK_EVERY
            return 0
        with classified(), self._engine.begin() as connection:
            return connection.execute(delete(JOBS.jobs).where(_J.id == key)).rowcount
