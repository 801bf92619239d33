"""A circuit breaker: after failures in a row it lets nothing through, then one try at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable

FAILURES_TO_OPEN = 5
REST_S = 30.0


class Breaker:
    """Shared by every connection to one server. Safe to use from many threads.

    After `FAILURES_TO_OPEN` failures in a row, or a single one that used up its time, it is open: it admits nobody for
    `REST_S` seconds, then one try per `REST_S` (half-open), until one succeeds. `clock` returns seconds that only ever
    grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._resting_until_s: float | None = None

    def admits(self) -> bool:
        """Say whether a try may be made now; while it is half-open, only the first to ask may."""
        with self._lock:
            if self._resting_until_s is None:
                return True
            if self._clock() < self._resting_until_s:
                return False
            self._resting_until_s = self._clock() + REST_S
            return True

    @property
    def is_resting(self) -> bool:
        """Whether it admits nobody now. To ask is no try: a half-open breaker's one stays for whoever makes it."""
        with self._lock:
            return self._resting_until_s is not None and self._clock() < self._resting_until_s

    @property
    def is_open(self) -> bool:
        """Whether it lets nothing through, or one try at a time."""
        return self._resting_until_s is not None

    @property
    def has_failed(self) -> bool:
        """Whether it counts a failure that no success came after."""
        return self._failures > 0 or self._resting_until_s is not None

    def succeeded(self) -> None:
        """Note that the server answered as a working one does."""
        with self._lock:
            self._failures = 0
            self._resting_until_s = None

    def failed(self, *, overtime: bool = False) -> None:
        """Note a failure of the way to the server; five of those that take all their time would keep others waiting."""
        with self._lock:
            self._failures += FAILURES_TO_OPEN if overtime else 1
            if self._failures >= FAILURES_TO_OPEN:
                self._resting_until_s = self._clock() + REST_S
