"""A process that takes submissions says in the database that it lives, and since when it can hold one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID, uuid4

import structlog
from sqlalchemy import Connection, Engine, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from shared.database import classified
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.worker import STUCK_AFTER_S
from storage_service.sweeping.passes import Beat
from storage_service.sweeping.times import USUAL
from storage_service.tables import SWEEP

_P = SWEEP.processes.c


class Presence:
    """Gives signs of life, as `broker.Consumer`. `held_for_s` is `Broker.held_for_s`.

    A process that cannot reach the database is silent: what it holds meanwhile it sets aside in time, see `times`.
    """

    def __init__(
        self,
        engine: Engine,
        held_for_s: Callable[[], float],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        every_s: float = USUAL.beat_every_s,
    ) -> None:
        self._engine = engine
        self._held_for_s = held_for_s
        self._clock = clock
        self._every_s = every_s
        self._id = uuid4()
        self._number = 0
        self._stopping = threading.Event()
        self._turned_s = time.monotonic()

    def run(self) -> None:
        """Give signs until `stop`. What this process holds then counts as held until `leave`."""
        while not self._stopping.is_set():
            self._turned_s = time.monotonic()
            try:
                self.beat()
            except DependencyUnavailable:
                structlog.get_logger().debug("no sign of life", part="presence")
            self._stopping.wait(self._every_s)

    def beat(self) -> None:
        """Give one sign; raises as `classified` does."""
        self._number += 1
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        with classified(), self._engine.begin() as connection:
            told = {"beat": self._number, "beat_at": self._clock(), "oldest_s": self._held_for_s()}
            said = insert(SWEEP.processes).values(id=self._id, **told)
            connection.execute(said.on_conflict_do_update(index_elements=[_P.id], set_=told))

    def leave(self) -> None:
        """Say that this process holds nothing any more; one that cannot is forgotten after a while."""
        with suppress(DependencyUnavailable), classified(), self._engine.begin() as connection:
            connection.execute(delete(SWEEP.processes).where(_P.id == self._id))

    def stop(self) -> None:
        """Make `run` return soon."""
        self._stopping.set()

    def missing(self) -> list[str]:
        """Return nothing: submissions are stored without it."""
        return []

    def stuck(self) -> list[str]:
        """Return what says that only a restart helps; see `broker.Consumer`."""
        return ["presence: its thread does not turn"] if time.monotonic() - self._turned_s > STUCK_AFTER_S else []


def present(connection: Connection) -> Mapping[UUID, Beat]:
    """Return the last sign of each process."""
    return {row.id: Beat(row.beat, row.oldest_s) for row in connection.execute(select(SWEEP.processes))}


class Heard:
    """Knows since when each process is silent, by the clock of whoever looks: no other clock counts."""

    def __init__(self, forgotten_after_s: float) -> None:
        self._forgotten_after_s = forgotten_after_s
        self._heard: dict[UUID, tuple[int, float]] = {}

    def without_silent(self, connection: Connection, clock_s: float) -> Mapping[UUID, Beat]:
        """Return the last sign of each process, and forget those that have given none for so long."""
        found = present(connection)
        self._heard = {one: self._since(one, beat.number, clock_s) for one, beat in found.items()}
        silent = [one for one, (_, since_s) in self._heard.items() if clock_s - since_s > self._forgotten_after_s]
        if silent:
            connection.execute(delete(SWEEP.processes).where(_P.id.in_(silent)))
        return {one: beat for one, beat in found.items() if one not in silent}

    def _since(self, one: UUID, number: int, clock_s: float) -> tuple[int, float]:
        before = self._heard.get(one)
        return before if before and before[0] == number else (number, clock_s)
