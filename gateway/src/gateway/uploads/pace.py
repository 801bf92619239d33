"""Says when a body comes too slowly: for files the limit is a rate, not a moment."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from gateway.http.errors import Refused, refused
from shared.web.slow_clients import UploadPace

_STEP_S = 1.0


class Pace:
    """Watches how one body comes. Only the time counts that was waited for it: a slow store is nobody's fault."""

    def __init__(self, least: UploadPace, clock: Callable[[], float] = time.monotonic) -> None:
        self._least = least
        self._clock = clock
        self._begun_s = clock()
        self._waited_s, self._bytes = 0.0, 0
        self._marks: deque[tuple[float, int]] = deque([(0.0, 0)])

    def note(self, waited_s: float, count: int) -> None:
        """Count a piece that was waited for; raises `Refused` (408) where it, or all together, took too long."""
        self._waited_s += waited_s
        self._bytes += count
        self._forget()
        since_s, since_bytes = self._marks[0]
        took_s = self._waited_s - since_s
        is_slow = took_s >= self._least.window_s and self._bytes - since_bytes < took_s * self._least.bytes_per_s
        if is_slow or self._clock() - self._begun_s > self._least.most_s:
            raise _too_slow()
        if self._waited_s - self._marks[-1][0] >= _STEP_S:
            self._marks.append((self._waited_s, self._bytes))

    def _forget(self) -> None:
        """Leave the latest mark that is a window ago as the first one."""
        begin_s = self._waited_s - self._least.window_s
        while len(self._marks) > 1 and self._marks[1][0] <= begin_s:
            self._marks.popleft()


def _too_slow() -> Refused:
    return refused(408, "TOO_SLOW", "The submission came too slowly. Please try again, where the connection is better.")
