"""This module decides when a log line says that the broker is away: at once, then with growing pauses."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cache

PAUSE_FIRST_S = 0.5
PAUSE_MOST_S = 300.0
CALM_AFTER_S = 10.0


class Complaints:
    """Says of each complaint whether it is to be logged.

    The first is; the next once a pause is over, which doubles from half a second to 5 minutes. The trouble is over when
    it is for everybody who complained. What comes within ten seconds of that still belongs to it: a connection which
    comes and goes is not said each time.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._complaining: set[object] = set()
        self._pause_s = PAUSE_FIRST_S
        self._next_s = self._began_s = 0.0
        self._over_s = -CALM_AFTER_S
        self._was_said = False

    def due(self, who: object) -> float | None:
        """Return for how many seconds the trouble has lasted where a complaint is to be logged now, else None."""
        with self._guard:
            now_s = self._clock()
            if not self._complaining and now_s - self._over_s >= CALM_AFTER_S:
                self._pause_s, self._next_s, self._began_s = PAUSE_FIRST_S, now_s, now_s
            self._complaining.add(who)
            if now_s < self._next_s:
                return None
            self._next_s = now_s + self._pause_s
            self._pause_s = min(2 * self._pause_s, PAUSE_MOST_S)
            self._was_said = True
            return now_s - self._began_s

    def over(self, who: object) -> bool:
        """Take a complaint back; True where that is to be logged: it was the last one, and any had been."""
        with self._guard:
            if who not in self._complaining:
                return False
            self._complaining.discard(who)
            if self._complaining:
                return False
            self._over_s = self._clock()
            was_said, self._was_said = self._was_said, False
            return was_said


@cache
def about(url: str) -> Complaints:
    """Return what all connections of this process to one broker share: each has the same trouble at the same time."""
    del url
    return Complaints()
