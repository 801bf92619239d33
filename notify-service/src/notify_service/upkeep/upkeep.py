"""Runs, in one process at a time, what is to be done once a minute."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

import structlog
from sqlalchemy import Engine

from shared.database import Lease, classified
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.worker import STUCK_AFTER_S

EVERY_S = 60.0
LOOK_EVERY_S = 10.0
"""How often the lease is renewed, or looked at: it lasts half a minute."""

Task: TypeAlias = Callable[[datetime], object]
"""What is done once a minute. It may raise `DependencyUnavailable`: it is done the next time."""


class Upkeep:
    """Runs beside the consumers, as one of them (`broker.Consumer`): `run` until `stop`.

    Only the process that has the lease works. A task that fails keeps no other from its turn.
    """

    def __init__(
        self,
        engine: Engine,
        lease: Lease,
        tasks: Sequence[Task],
        *,
        every_s: float = EVERY_S,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._engine = engine
        self._lease = lease
        self._tasks = tasks
        self._every_s = every_s
        self._look_every_s = look_every_s
        self._stopping = threading.Event()
        self._turned_s = time.monotonic()
        self._log = structlog.get_logger().bind(part="upkeep")

    def run(self) -> None:
        """Work until `stop`, and give the lease back."""
        worked_s = time.monotonic()  # not at once: what a process that ended was about to do comes first
        while not self._stopping.wait(self._look_every_s):
            self._turned_s = time.monotonic()
            if self._has_lease() and self._turned_s - worked_s >= self._every_s:
                worked_s = self._turned_s
                for task in self._tasks:
                    self._do(task)
        self._give_back()

    def stop(self) -> None:
        """Make `run` return soon."""
        self._stopping.set()

    def missing(self) -> list[str]:
        """Return nothing: no delivery waits for this."""
        return []

    def stuck(self) -> list[str]:
        """Return what says that only a restart helps; see `broker.Consumer`."""
        return ["upkeep: its thread does not turn"] if time.monotonic() - self._turned_s > STUCK_AFTER_S else []

    def _has_lease(self) -> bool:
        now = datetime.now(UTC)
        if self._lease.is_running(now):
            return True
        try:
            with classified(), self._engine.begin() as connection:
                return self._lease.is_taken(connection, now)
        except DependencyUnavailable as error:
            self._log.info("not now", because=str(error))
            return False

    def _do(self, task: Task) -> None:
        try:
            task(datetime.now(UTC))
        except DependencyUnavailable as error:
            self._log.info("not now", because=str(error))
        except Exception as error:  # noqa: BLE001 - a bug must not end the service; it is done the next time
            self._log.error("upkeep failed", error=type(error).__name__, exc_info=error)

    def _give_back(self) -> None:
        try:
            with classified(), self._engine.begin() as connection:
                self._lease.give_back(connection)
        except DependencyUnavailable as error:  # it ends by itself
            self._log.info("the lease was not given back", because=str(error))
