"""Keeps all long answers together at a pace that leaves the process to strangers' posts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

BYTES_PER_S = 32 * 1024 * 1024
"""What one process passes on of long answers at most: a quarter of a gigabit's line."""

AHEAD_S = 0.05
"""How much of it may come at once after a pause."""


class Pace:
    """A pace that many share. Safe to use from many threads."""

    def __init__(
        self,
        bytes_per_s: float = BYTES_PER_S,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._bytes_per_s = bytes_per_s
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._free_s = 0.0

    def keep(self, count: int) -> None:
        """Wait until so many bytes more are within the pace."""
        with self._lock:
            now_s = self._clock()
            self._free_s = max(self._free_s, now_s - AHEAD_S) + count / self._bytes_per_s
            wait_s = self._free_s - now_s
        if wait_s > 0:
            self._sleep(wait_s)
