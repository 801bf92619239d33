"""Notes when each key was used last: in memory at once, in the database now and then."""

from __future__ import annotations

import threading
import time
from datetime import datetime

import structlog
from sqlalchemy import Engine, or_, update

from shared.database import classified
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.worker import STUCK_AFTER_S
from storage_service.tables import api_keys

WRITE_EVERY_S = 30.0

_K = api_keys.c


class LastUses:
    """Runs beside what else a process does, as a consumer does (`broker.Consumer`): `run` until `stop`.

    What was used since the last writing is lost where the process is killed: a minute, of what is a hint.
    """

    def __init__(self, engine: Engine, *, write_every_s: float = WRITE_EVERY_S) -> None:
        self._engine = engine
        self._write_every_s = write_every_s
        self._lock = threading.Lock()
        self._uses: dict[str, datetime] = {}
        self._stopping = threading.Event()
        self._turned_s = time.monotonic()

    def used(self, name: str, at: datetime) -> None:
        """Note a use of a key, by its name. Takes no time."""
        with self._lock:
            self._uses[name] = at

    def run(self) -> None:
        """Write what was noted every now and then until `stop`, and once more then."""
        while not self._stopping.wait(self._write_every_s):
            self._turned_s = time.monotonic()
            self._write_or_keep()
        self._write_or_keep()

    def stop(self) -> None:
        """Make `run` return soon."""
        self._stopping.set()

    def missing(self) -> list[str]:
        """Return nothing: what is not written yet holds nothing up."""
        return []

    def stuck(self) -> list[str]:
        """Return what says that only a restart helps; see `broker.Consumer`."""
        is_stuck = time.monotonic() - self._turned_s > STUCK_AFTER_S + self._write_every_s
        return ["last uses of keys: its thread does not turn"] if is_stuck else []

    def write(self) -> None:
        """Write what was noted, in one transaction; raises as `classified` does."""
        with self._lock:
            uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            with classified(), self._engine.begin() as connection:
                for name in sorted(uses):  # two processes then wait for each other, and never in a circle
                    is_newer = or_(_K.last_used_at.is_(None), _K.last_used_at < uses[name])
                    connection.execute(
                        update(api_keys).where(_K.name == name, is_newer).values(last_used_at=uses[name])
                    )
        except DependencyUnavailable:
            with self._lock:
                self._uses = uses | self._uses
            raise

    def _write_or_keep(self) -> None:
        try:
            self.write()
        except DependencyUnavailable as error:
            structlog.get_logger().info("last uses of keys wait", because=str(error))
        except Exception as error:  # noqa: BLE001 - a bug must not end the process: this is a hint
            structlog.get_logger().error("last uses of keys failed", error=type(error).__name__, exc_info=error)
