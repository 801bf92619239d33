"""Tells notify of all hooks again now and then, so that its copy is whole within the hour, whatever was lost of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Engine, delete, select, update

from shared.database import classified
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.worker import STUCK_AFTER_S
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.hooks.rows import end, tell
from storage_service.tables import hooks

TOLD_EVERY = timedelta(hours=1)
ENDED_FOR = timedelta(days=7)
"""How long one that has ended is kept, and told as ended: longer than a message that tells of it otherwise may wait."""

BY = Asker("rule: expiry", frozenset())
"""Who ends what has expired, for the audit."""

LOOKS_EVERY_S = 60.0
AT_ONCE = 100

_H = hooks.c


class TellAgain:
    """Runs beside what else a process does, as a consumer does (`broker.Consumer`): `run` until `stop`."""

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        looks_every_s: float = LOOKS_EVERY_S,
    ) -> None:
        self._engine = engine
        self._audit = Audit(engine, clock=clock)
        self._clock = clock
        self._looks_every_s = looks_every_s
        self._stopping = threading.Event()
        self._turned_s = time.monotonic()

    def run(self) -> None:
        """Look every now and then for what is to be told, until `stop`."""
        while not self._stopping.wait(self._looks_every_s):
            self._turned_s = time.monotonic()
            try:
                while self.turn() == AT_ONCE and not self._stopping.is_set():
                    pass
            except DependencyUnavailable as error:
                structlog.get_logger().info("hooks wait to be told again", because=str(error))
            except Exception as error:  # noqa: BLE001 - a bug must not end the process: it is tried again
                structlog.get_logger().error("hooks were not told", error=type(error).__name__, exc_info=error)

    def stop(self) -> None:
        """Make `run` return soon."""
        self._stopping.set()

    def missing(self) -> list[str]:
        """Return nothing: what is not told yet holds nothing up."""
        return []

    def stuck(self) -> list[str]:
        """Return what says that only a restart helps; see `broker.Consumer`."""
        is_stuck = time.monotonic() - self._turned_s > STUCK_AFTER_S + self._looks_every_s
        return ["telling of hooks: its thread does not turn"] if is_stuck else []

    def turn(self, *, all_of_them: bool = False) -> int:
        """Tell of some that were told an hour ago, or of some of all; return of how many. Raises as `classified`.

        What has expired ends, and what ended long ago goes.
        """
        now = self._clock()
        with classified(), self._engine.begin() as connection:
            for row in end(connection, "key", now, _H.expires_at <= now):
                self._audit.note(BY, "hook.ended", row.id, within=connection)
            connection.execute(delete(hooks).where(_H.ended_at <= now - ENDED_FOR))
            due = _H.told_at < now if all_of_them else _H.told_at <= now - TOLD_EVERY
            some = select(hooks).where(due).order_by(_H.told_at, _H.id).limit(AT_ONCE)
            rows = connection.execute(some.with_for_update(skip_locked=True)).all()
            if rows:
                tell(connection, rows)
                connection.execute(update(hooks).where(_H.id.in_([row.id for row in rows])).values(told_at=now))
        return len(rows)
