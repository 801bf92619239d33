"""Looks at the broker's queues and at who takes from them, in a process that may: storage's own, not the console."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection, Engine, select

from shared.database import classified, reading
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.rabbitmq.depths import BrokerAway, unblocked_depths
from shared.messaging.topology import STORAGE
from storage_service.sweeping import presence, state
from storage_service.sweeping.passes import Look, Pass
from storage_service.sweeping.times import USUAL, Times
from storage_service.tables import submissions

_QUIET = (*map(STORAGE.level_queue, STORAGE.levels_s), STORAGE.parked)
QUEUES = (STORAGE.name, *_QUIET)
"""Where an accepted submission can be that nobody has been handed."""


class Watching:
    """Passes over the queues, look by look, and notes when all that was published before a pass is settled."""

    def __init__(
        self,
        engine: Engine,
        depths: Callable[[], Mapping[str, int]],
        times: Times = USUAL,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._depths = depths
        self._times = times
        self._clock = clock
        self._clock_s = clock_s
        self._pass = Pass(times)
        self._heard = presence.Heard(times.forgotten_after.total_seconds())
        self._said = ""
        self._log = structlog.get_logger().bind(part="sweep")

    def turn(self) -> float:
        """Take a look where one is due; return after how many seconds the next one is. Raises as `classified`."""
        if not self._is_due():
            self._pass = Pass(self._times)
            return self._times.idle_s
        since = self._pass.see(self._look())
        self._say()
        if since is None:
            return self._times.look_every_s
        with classified(), self._engine.begin() as connection:
            state.settled(connection, since, self._clock())
        self._pass = Pass(self._times)
        self._log.info("all is settled", published_before=since.isoformat(timespec="seconds"))
        return self._times.look_every_s

    def _is_due(self) -> bool:
        with classified(), self._reading.connect() as connection:
            swept = state.read(connection)
        if swept is None:
            return False
        if swept.settled_at is None:
            return True
        ago = self._clock() - swept.settled_at
        return ago >= self._times.rest or ago < -self._times.skew  # a clock was far ahead then

    def _look(self) -> Look:
        at, clock_s, found = self._clock(), self._clock_s(), self._depths()
        if missing := [name for name, count in found.items() if count < 0]:
            raise DependencyUnavailable(f"{', '.join(missing)} is not there")
        with classified(), self._engine.begin() as connection:
            processes = self._heard.without_silent(connection, clock_s)
            newest = _newest(connection) if found[STORAGE.name] else None
        return Look(at, clock_s, found[STORAGE.name], sum(found[name] for name in _QUIET), processes, newest)

    def _say(self) -> None:
        because = "".join(one for one in self._pass.waits_for if not one.isdigit())
        if because != self._said:
            self._said = because
            self._log.debug("the pass waits", waits_for=self._pass.waits_for)


def depths_at(url: str) -> Callable[[], Mapping[str, int]]:
    """Return what counts the messages at the broker of this address; it raises `DependencyUnavailable`."""

    def depths() -> Mapping[str, int]:
        try:
            return unblocked_depths(url, QUEUES)
        except BrokerAway as error:
            raise DependencyUnavailable(str(error)) from error

    return depths


def _newest(connection: Connection) -> datetime | None:
    """Return the latest moment at which something was accepted that came by the queue."""
    c = submissions.c
    there = select(c.accepted_at).where(c.erased_at.is_(None), c.imported_at.is_(None))
    found: datetime | None = connection.scalar(there.order_by(c.accepted_at.desc(), c.id.desc()).limit(1))
    return found
