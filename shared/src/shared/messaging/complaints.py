"""How often the same trouble is said: at once, and then with growing pauses."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE_FIRST_S = 0.5
PAUSE_MOST_S = 300.0
CALM_AFTER_S = 10.0


class Complaints:
    """Says of each complaint whether it is to be logged.

    The first is; the next once a pause is over, which doubles from half a second to 5 minutes. `over` says that the
    trouble is; what comes within ten seconds of that still belongs to it: a connection which comes and goes is not said
    each time.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pause_s = PAUSE_FIRST_S
        self._next_s = self._began_s = clock()
        self._over_s: float | None = self._began_s - CALM_AFTER_S
        self.said = False
        """Whether a complaint was logged since the trouble was last over."""

    def due(self) -> bool:
        """Say whether a complaint that comes now is to be logged."""
        now_s = self._clock()
        if self._over_s is not None and now_s - self._over_s >= CALM_AFTER_S:
            self._pause_s, self._next_s, self._began_s = PAUSE_FIRST_S, now_s, now_s
        self._over_s = None
        if now_s < self._next_s:
            return False
        self._next_s = now_s + self._pause_s
        self._pause_s = min(2 * self._pause_s, PAUSE_MOST_S)
        self.said = True
        return True

    def over(self) -> None:
        """Say that the trouble is over for now."""
        self._over_s, self.said = self._clock(), False

    @property
    def lasted_s(self) -> float:
        """How long ago the first complaint of this trouble came."""
        return self._clock() - self._began_s
