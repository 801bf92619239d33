"""A clock that does not believe in a leap: what is erased because a clock was a year ahead does not come back."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from shared.messaging.failures import DependencyUnavailable

LEAP = timedelta(hours=1)
"""How far a clock may be set forward at once: more than a clock that runs is ever wrong."""

BELIEVED_AFTER = timedelta(hours=24)
"""After how long the new time is believed: who sees what became of the clock can pause retention, or set it right."""


def _ticks_s() -> float:
    """Return seconds that only ever grow, those of a machine that slept included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class ClockLeapt(DependencyUnavailable):
    """The clock was set forward: until it is believed, nothing is due by it."""


class SteadyClock:
    """Tells the time, as long as it goes on as the machine's ticks do; raises `ClockLeapt` for a day after a leap.

    It sees what happens while the process runs. A clock that is ahead already when it starts it cannot tell.
    """

    def __init__(
        self, clock: Callable[[], datetime] = lambda: datetime.now(UTC), ticks_s: Callable[[], float] = _ticks_s
    ) -> None:
        self._clock = clock
        self._ticks_s = ticks_s
        self._begun = self._beginning()
        self._leapt: tuple[datetime, float] | None = None

    def __call__(self) -> datetime:
        """Return the time; raises `ClockLeapt`."""
        begun, ticks_s = self._beginning(), self._ticks_s()
        if begun - self._begun <= LEAP:
            self._begun, self._leapt = begun, None
            return self._clock()
        if self._leapt is None or abs(begun - self._leapt[0]) > LEAP:
            self._leapt = (begun, ticks_s)
        if ticks_s - self._leapt[1] >= BELIEVED_AFTER.total_seconds():
            self._begun, self._leapt = begun, None
            return self._clock()
        told = f"the clock was set forward by {begun - self._begun}: nothing is due by it for {BELIEVED_AFTER}"
        raise ClockLeapt(f"{told}; set it right, or pause retention")

    def _beginning(self) -> datetime:
        """Return which time it was when the ticks were 0: the same as long as nobody sets the clock."""
        return self._clock() - timedelta(seconds=self._ticks_s())
