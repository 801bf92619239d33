"""Runs something again and again beside what else a process does, as a consumer does (`broker.Consumer`)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import structlog
from sqlalchemy import Engine

from shared.database import Lease, classified
from shared.files import StoreUnavailable
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.worker import STUCK_AFTER_S, probe_delay_s
from storage_service.tables import LEASES

LONGEST_WAIT_S = 600.0


class Behind:
    """Calls `turn` until `stop`, in one process of those that share the database: the one that has the lease.

    `turn` does a piece of work and returns after how many seconds it wants to be called again. What it raises is said,
    and it is called again later, at longer and longer intervals. `aside` is called while another process has the
    lease: what this one measured when it had it is the other's to say.
    """

    def __init__(
        self,
        engine: Engine,
        name: str,
        turn: Callable[[], float],
        *,
        aside: Callable[[], None] = lambda: None,
        other_s: float = 10.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._name = name
        self._turn = turn
        self._aside = aside
        self._other_s = other_s
        self._clock = clock
        self._lease = Lease(LEASES, name)
        self._stopping = threading.Event()
        self._turned_s = time.monotonic()
        self._log = structlog.get_logger().bind(part=name)

    def run(self) -> None:
        """Work until `stop`; then finish what is in hand, and give the lease back."""
        failures = 0
        while not self._stopping.is_set():
            self._turned_s = time.monotonic()
            try:
                wait_s = self.turn()
                failures = 0
            except (DependencyUnavailable, StoreUnavailable) as error:
                failures += 1
                wait_s = probe_delay_s(failures)
                self._log.warning("waits", because=str(error))
            except Exception as error:  # noqa: BLE001 - a bug must not end the process; what is to be done stays
                failures += 1
                wait_s = probe_delay_s(failures)
                self._log.error("failed", error=type(error).__name__, exc_info=error)
            self._stopping.wait(min(wait_s, LONGEST_WAIT_S))
        with suppress(DependencyUnavailable), classified(), self._engine.begin() as connection:
            self._lease.give_back(connection)

    def turn(self) -> float:
        """Do a piece of work if this process has the lease; return after how many seconds to come again."""
        if self._is_leased():
            return self._turn()
        self._aside()
        return self._other_s

    def stop(self) -> None:
        """Make `run` return soon."""
        self._stopping.set()

    def missing(self) -> list[str]:
        """Return nothing: what is to be done here holds nothing up."""
        return []

    def stuck(self) -> list[str]:
        """Return what says that only a restart helps; see `broker.Consumer`."""
        is_stuck = time.monotonic() - self._turned_s > STUCK_AFTER_S + LONGEST_WAIT_S
        return [f"{self._name}: its thread does not turn"] if is_stuck else []

    def _is_leased(self) -> bool:
        now = self._clock()
        if self._lease.is_running(now):
            return True
        with classified(), self._engine.begin() as connection:
            return self._lease.is_taken(connection, now)
