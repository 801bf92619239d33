"""Publishes what waits in an outbox, one process at a time, and removes what the broker has confirmed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeAlias

import structlog
from sqlalchemy import Engine

from shared.database.engines import reading
from shared.database.failures import classified
from shared.database.leases import Lease
from shared.database.outbox import Outbox, Waiting
from shared.failpoints import Reach, ignore
from shared.messaging.broker import NotConfirmed, Publisher
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.message import Message
from shared.messaging.worker import STUCK_AFTER_S, probe_delay_s

LOOK_EVERY_S = 0.5
PUBLISH_TIMEOUT_S = 10.0
AT_ONCE = 16
"""How many wait for their confirm at once: each wait is a round trip to the broker and its disk."""

Fill: TypeAlias = Callable[[], object]
"""Adds to the outbox what is to be told by now. It is called before each look, by the process that has the lease."""


def _nothing() -> None:
    pass


class OutboxPublisher:
    """Runs beside the consumers, as one of them (`broker.Consumer`): `run` until `stop`.

    A message is published at least once: a death between the broker's confirm and the removal publishes it again.
    While broker or database are away it waits, longer each time, up to half a minute. Only the process that holds the
    lease takes from the table. `publisher` is closed at the end.
    """

    def __init__(
        self,
        engine: Engine,
        outbox: Outbox,
        lease: Lease,
        publisher: Publisher,
        *,
        fill: Fill = _nothing,
        reach: Reach = ignore,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._outbox = outbox
        self._lease = lease
        self._publisher = publisher
        self._fill = fill
        self._reach = reach
        self._look_every_s = look_every_s
        self._stopping = threading.Event()
        self._turned_s = time.monotonic()
        self._log = structlog.get_logger().bind(table=outbox.name)

    def run(self) -> None:
        """Publish until `stop`; then finish the batch in hand, and give the lease back."""
        failures = 0
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="outbox") as threads:
            while not self._stopping.is_set():
                self._turned_s = time.monotonic()
                try:
                    published = self._turn(threads)
                    failures = 0
                except DependencyUnavailable as error:
                    published, failures = 0, failures + 1
                    self._log.warning("the outbox waits", because=str(error))
                except Exception as error:  # noqa: BLE001 - a bug must not end the service; what waits stays
                    published, failures = 0, failures + 1
                    self._log.error("the outbox failed", error=type(error).__name__, exc_info=error)
                if not published:
                    self._stopping.wait(probe_delay_s(failures) if failures else self._pause_s())
        self._give_back()
        self._publisher.close()

    def stop(self) -> None:
        """Make `run` return soon."""
        self._stopping.set()

    def missing(self) -> list[str]:
        """Return nothing: what waits in the table waits, and holds nothing up."""
        return []

    def stuck(self) -> list[str]:
        """Return what says that only a restart helps; see `broker.Consumer`."""
        return ["outbox: its thread does not turn"] if time.monotonic() - self._turned_s > STUCK_AFTER_S else []

    def waiting(self) -> Waiting:
        """Return how much waits; raises `DependencyUnavailable`."""
        with classified(), self._reading.connect() as connection:
            return self._outbox.waiting(connection, datetime.now(UTC))

    def _turn(self, threads: ThreadPoolExecutor) -> int:
        """Publish one batch, and return how many messages were; raises `DependencyUnavailable`."""
        if not self._is_leased():
            return 0
        self._fill()
        with classified(), self._reading.connect() as connection:
            batch = self._outbox.first(connection)
        if not batch:
            return 0
        self._reach("outbox-before-publish")
        refusals = dict(zip(batch, threads.map(self._refusal, batch.values()), strict=True))
        confirmed = [number for number, refusal in refusals.items() if refusal is None]
        self._reach("outbox-after-publish")
        if confirmed:
            with classified(), self._engine.begin() as connection:
                self._outbox.remove(connection, confirmed)
        self._reach("outbox-after-remove")
        if refusal := next((one for one in refusals.values() if one is not None), None):
            raise DependencyUnavailable(f"broker: {refusal}")
        return len(confirmed)

    def _pause_s(self) -> float:
        """Return how long to wait before the next look: longer while another process has the lease."""
        is_mine = self._lease.is_running(datetime.now(UTC))
        return self._look_every_s if is_mine else 10 * self._look_every_s

    def _is_leased(self) -> bool:
        if self._lease.is_running(datetime.now(UTC)):
            return True
        with classified(), self._engine.begin() as connection:
            return self._lease.is_taken(connection, datetime.now(UTC))

    def _refusal(self, message: Message) -> NotConfirmed | None:
        try:
            self._publisher.publish(message, timeout_s=PUBLISH_TIMEOUT_S)
        except NotConfirmed as error:
            return error
        return None

    def _give_back(self) -> None:
        try:
            with classified(), self._engine.begin() as connection:
                self._lease.give_back(connection)
        except DependencyUnavailable as error:  # it ends by itself
            self._log.info("the lease was not given back", because=str(error))
