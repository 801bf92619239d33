"""An endpoint of webhooks: how it has answered, and how many call it now."""

from __future__ import annotations

import threading
from collections.abc import Callable

from notify_service.transports.breaker import Breaker

PATIENCE_S = 1.0
"""How long a call waits for the others to the same endpoint: a quick one has answered by then."""


class Endpoint:
    """Shared by every connection that calls it, `most` at once: the others are for other endpoints.

    Safe to use from many threads. `clock` returns seconds that only ever grow.
    """

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self.breaker = Breaker(clock)
        self._most = most
        self._clock = clock
        self._left = threading.Condition()
        self._begun_s: list[float] = []

    def enter(self) -> float | None:
        """Begin a call, and return what `leave` is to be given; None where as many call it as may, and none of them
        has an answer within `PATIENCE_S`: who comes later waits for the rest of that, and so mostly not at all."""
        with self._left:
            patience_s = PATIENCE_S - (self._clock() - min(self._begun_s, default=0.0))
            if not self._left.wait_for(lambda: len(self._begun_s) < self._most, max(0.0, patience_s)):
                return None
            self._begun_s.append(now_s := self._clock())
            return now_s

    @property
    def is_idle(self) -> bool:
        """Whether nobody calls it, and there is nothing to remember of it."""
        return not self._begun_s and not self.breaker.has_failed

    def leave(self, begun_s: float) -> None:
        """End a call."""
        with self._left:
            self._begun_s.remove(begun_s)
            self._left.notify()
