"""Stores the counts of rate limits in this process's memory, for the library `limits`.

The library's own in memory counts wrong where threads meet, and keeps starting threads of its own to forget what is
over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from limits.storage import Storage

FORGET_EACH_S = 60.0

KEPT_MOST = 100_000
"""How many counts are kept, some 30 MB. Beyond it the lowest are forgotten, so that whoever has sent much stays counted
however many others send a little: to have a count of n forgotten takes as many addresses, and n requests of each."""

_NEVER = (0.0, 0)


class Counts(Storage):
    """Counts by key, each from its first increment until it expires. Safe to use from many threads."""

    STORAGE_SCHEME = None

    def __init__(self, clock: Callable[[], float] = time.time, most: int = KEPT_MOST) -> None:
        super().__init__()
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[float, int]] = {}
        self._forgot_at = clock()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a count, and return it; `expiry` is how many seconds it lives from its first increment."""
        now = self._clock()
        with self._lock:
            if now - self._forgot_at > FORGET_EACH_S or len(self._windows) >= self._most:
                self._forget(now)
            end, count = self._windows.get(key, _NEVER)
            end, count = (end, count + amount) if now < end else (now + expiry, amount)
            self._windows[key] = end, count
        return count

    def get(self, key: str) -> int:
        """Return a count, 0 where it is over."""
        end, count = self._windows.get(key, _NEVER)
        return count if self._clock() < end else 0

    def get_expiry(self, key: str) -> float:
        """Return when a count is over, in seconds since the epoch; now, where there is none."""
        return max(self._windows.get(key, _NEVER)[0], self._clock())

    def check(self) -> bool:
        """Return true: memory is always there."""
        return True

    def reset(self) -> int:
        """Forget every count, and return how many these were."""
        with self._lock:
            windows, self._windows = self._windows, {}
        return len(windows)

    def clear(self, key: str) -> None:
        """Forget one count."""
        with self._lock:
            self._windows.pop(key, None)

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """What may go wrong: nothing."""
        return ()

    def _forget(self, now: float) -> None:
        """Forget what is over and, where that leaves too much, the lower half: the lowest, of equals the oldest."""
        kept = {key: window for key, window in self._windows.items() if now < window[0]}
        if len(kept) >= self._most:
            ranks = sorted((count, end) for end, count in kept.values())
            least = ranks[len(ranks) // 2]
            kept = {key: (end, count) for key, (end, count) in kept.items() if (count, end) > least}
        self._windows = kept
        self._forgot_at = now
