"""Bounds how many submissions with files come in at once, in all and of each source; who is slow gives way to others.

Four sources that send as slowly as they may could hold all places for a quarter of an hour otherwise.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gateway.uploads import refusals

SLOW_AFTER_S = 10.0
"""An upload has so long to show how fast it comes."""

SLOW_TIMES = 8
"""It is slow below so many times the slowest pace there may be: with 16 kB/s, where 8 MB take more than a minute."""

LEAVING_MOST = 16
"""How many may have been told to give way and still be there: each learns of it with the next piece that comes."""


class Place:
    """The place of one upload."""

    def __init__(self, source: str, begun_s: float) -> None:
        self.source = source
        self._begun_s = begun_s
        self._bytes = 0
        self.is_given_away = False

    def note(self, count: int) -> None:
        """Count what came in; raises `Refused` (503) where the place has been given to somebody else."""
        self._bytes += count
        if self.is_given_away:
            raise refusals.busy()

    def bytes_per_s(self, now_s: float) -> float | None:
        """Return how fast it comes; None before that shows."""
        took_s = now_s - self._begun_s
        return self._bytes / took_s if took_s >= SLOW_AFTER_S else None


class UploadPlaces:
    """So many places, of which one source has `source_most`. Safe to use from many threads.

    Where all are taken, the slowest upload of those who have most of them gives way to whoever has two less, at least.
    """

    def __init__(
        self, most: int, source_most: int, least_bytes_per_s: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._source_most = source_most
        self._slow = SLOW_TIMES * least_bytes_per_s
        self._clock = clock
        self._changing = threading.Lock()
        self._taken: set[Place] = set()
        self._leaving: set[Place] = set()

    @contextmanager
    def place(self, source: str) -> Iterator[Place]:
        """Have a place for as long as the `with` lasts; raises `Refused` (503) where there is none."""
        with self._changing:
            place = self._take(source)
        try:
            yield place
        finally:
            with self._changing:
                self._taken.discard(place)
                self._leaving.discard(place)

    def _take(self, source: str) -> Place:
        own = Counter(one.source for one in self._taken | self._leaving)[source]
        if own >= self._source_most:
            raise refusals.busy()
        if len(self._taken) >= self._most:
            self._give_away(self._slowest(own))
        place = Place(source, self._clock())
        self._taken.add(place)
        return place

    def _slowest(self, own: int) -> Place | None:
        counts, now_s = Counter(one.source for one in self._taken), self._clock()
        most = max(counts.values())
        if most < own + 2 or len(self._leaving) >= LEAVING_MOST:
            return None
        paces = {one: one.bytes_per_s(now_s) for one in self._taken if counts[one.source] == most}
        slow = {one: pace for one, pace in paces.items() if pace is not None and pace < self._slow}
        return min(slow, key=lambda one: slow[one], default=None)

    def _give_away(self, place: Place | None) -> None:
        if place is None:
            raise refusals.busy()
        place.is_given_away = True
        self._taken.remove(place)
        self._leaving.add(place)
