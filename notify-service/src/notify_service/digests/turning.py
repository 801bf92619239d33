"""Runs beside the consumers: looks every few seconds, in one process at a time, which digests are to be sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import Engine

from notify_service.deliveries.leases import LEASE_MARGIN_S
from notify_service.digests.gathering import Gather
from notify_service.digests.sending import SendDigest
from notify_service.digests.table import DigestTable
from shared.database import Lease, classified
from shared.failpoints import Reach, ignore
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.worker import STUCK_AFTER_S

LOOK_EVERY_S = 5.0

ASKING_S = 60.0
"""How long storage may take over all lines of one digest: part of how long it is claimed for."""

_log = structlog.get_logger().bind(part="digests")


@dataclass(slots=True)
class Digests:
    """One of the consumers (`broker.Consumer`): `run` until `stop`.

    The lease saves the other replicas the work; what keeps two from sending one digest is that it is claimed.
    """

    engine: Engine
    lease: Lease
    table: DigestTable
    gather: Gather
    send: SendDigest
    clock: Callable[[], datetime]
    reach: Reach = ignore
    look_every_s: float = LOOK_EVERY_S
    holder: UUID = field(default_factory=uuid4)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _turned_s: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        """Look until `stop`."""
        while not self._stopping.is_set():
            self._turned_s = time.monotonic()
            try:
                self.look()
            except DependencyUnavailable as error:
                _log.info("not now", because=str(error))
            except Exception as error:  # noqa: BLE001 - a bug must not end the service; it is done the next time
                _log.error("digests failed", error=type(error).__name__, exc_info=error)
            self._stopping.wait(self.look_every_s)
        self._give_back()

    def look(self) -> int:
        """Send what is to be sent now, if this process has the lease; return how many were tried. Raises
        `DependencyUnavailable`."""
        if not self._has_lease():
            return 0
        if self.gather():
            self.reach("digest-after-gather")
        return sum(self._tried(one) for one in self.table.due(self.clock()) if not self._stopping.is_set())

    def stop(self) -> None:
        """Make `run` return soon."""
        self._stopping.set()

    def missing(self) -> list[str]:
        """Return nothing: what waits here can wait."""
        return []

    def stuck(self) -> list[str]:
        """Return what says that only a restart helps; see `broker.Consumer`."""
        return ["digests: its thread does not turn"] if time.monotonic() - self._turned_s > STUCK_AFTER_S else []

    def _tried(self, digest: UUID) -> bool:
        self._turned_s = time.monotonic()
        now = self.clock()
        until = now + timedelta(seconds=ASKING_S + self.send.send_timeout_s + LEASE_MARGIN_S)
        claimed = self.table.claim(digest, self.holder, now, until)
        if claimed is not None:
            self.send(claimed)
        return claimed is not None

    def _has_lease(self) -> bool:
        now = self.clock()
        if self.lease.is_running(now):
            return True
        with classified(), self.engine.begin() as connection:
            return self.lease.is_taken(connection, now)

    def _give_back(self) -> None:
        try:
            with classified(), self.engine.begin() as connection:
                self.lease.give_back(connection)
        except DependencyUnavailable as error:  # it ends by itself
            _log.info("the lease was not given back", because=str(error))
