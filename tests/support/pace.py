"""How slow this machine is just now: what a test waits for may take longer on a slow or busy one, in proportion.

Waits are given in seconds of a machine that has nothing else to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_COUNTED = 300_000
_USUAL_S = 0.0115
"""How long counting takes on the machine for which the waits were chosen, with nothing beside it."""

_MOST = 4.0


def slowness() -> float:
    """Return how many times longer than usual something takes now: 1 at least, and `_MOST` at most."""
    begun_s = time.perf_counter()
    for _ in range(3):
        _count()
    return min(max(1.0, (time.perf_counter() - begun_s) / 3 / _USUAL_S), _MOST)


def quickest_s(call: Callable[[], object], *, times: int = 5) -> float:
    """Return how many seconds of a processor a call takes, the quickest of some, and on a usual machine."""
    usual = min(_thread_s(_count) for _ in range(3)) / _USUAL_S
    return min(_thread_s(call) for _ in range(times)) / max(1.0, usual)


def _thread_s(call: Callable[[], object]) -> float:
    begun_s = time.thread_time()
    call()
    return time.thread_time() - begun_s


def _count() -> None:
    counted = 0
    for number in range(_COUNTED):
        counted += number


def stretched_s(timeout_s: float) -> float:
    """Return how long what takes no more than `timeout_s` on a usual machine may take on this one now."""
    return timeout_s * slowness()


class Patience:
    """A wait of `timeout_s` that begins now, and is longer where the machine turns out to be slow at its end."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._begun_s = time.monotonic()
        self._stretch = 1.0
        self._stood_still_s = 0.0

    @property
    def waited_s(self) -> float:
        """For how long it has been waited."""
        return time.monotonic() - self._begun_s

    def rest(self, for_s: float) -> None:
        """Sleep before the next look. What the machine takes longer for that stood still for everybody, and is no
        waiting."""
        begun_s = time.monotonic()
        time.sleep(for_s)
        self._stood_still_s += time.monotonic() - begun_s - for_s

    def is_over(self) -> bool:
        """Say whether it was waited for long enough. The machine is looked at only where it seems so."""
        if self._is_left():
            return False
        self._stretch = max(self._stretch, slowness())
        return not self._is_left()

    def _is_left(self) -> bool:
        return self.waited_s - self._stood_still_s <= self._timeout_s * self._stretch
