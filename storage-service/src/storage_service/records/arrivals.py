"""Tells whoever watches a list that something was stored, as the storage service announces it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from shared.contracts import Announcement, SubmissionsStored

WATCHERS_MOST = 200
"""How many may watch in one process, each in a thread: as many as one worker of the gateway passes on."""

ASKER_MOST = 20
"""How many of these may be of one account: it in a few tabs, on a few machines."""


class Crowded(Exception):
    """As many watch already as may: in all, or of this account."""


class Ended(Exception):
    """The process is told to end."""


class Arrivals:
    """Wakes all who watch whenever something was stored. An announcement may be lost: who watches looks by itself now
    and then. Safe to use from many threads."""

    def __init__(self, most: int = WATCHERS_MOST, *, asker_most: int = ASKER_MOST) -> None:
        self._most = most
        self._asker_most = asker_most
        self._changed = threading.Condition()
        self._watching: Counter[str] = Counter()
        self._times = 0
        self._ended = threading.Event()

    @property
    def watching(self) -> int:
        """How many watch now."""
        return self._watching.total()

    def notice(self, news: Announcement) -> None:
        """Take note of an announcement; it runs on the broker's thread, and never blocks for long."""
        if isinstance(news, SubmissionsStored):
            with self._changed:
                self._times += 1
                self._changed.notify_all()

    def end(self) -> None:
        """End every watch, and each that begins from now on."""
        self._ended.set()
        with self._changed:
            self._changed.notify_all()

    @contextmanager
    def watch(self, asker: str) -> Iterator[Watch]:
        """Watch for an account; raises `Crowded` without waiting for a place."""
        with self._changed:
            if self._watching.total() >= self._most or self._watching[asker] >= self._asker_most:
                raise Crowded
            self._watching[asker] += 1
            watch = Watch(self, self._times)
        try:
            yield watch
        finally:
            with self._changed:
                self._watching[asker] -= 1
                if not self._watching[asker]:
                    del self._watching[asker]

    def await_more(self, than: int, timeout_s: float) -> int:
        """Wait until something was stored more often than this, or in vain, and return how often; raises `Ended`."""
        with self._changed:
            self._changed.wait_for(lambda: self._times > than or self._ended.is_set(), timeout_s)
            times = self._times
        if self._ended.is_set():
            raise Ended
        return times

    def pause(self, seconds: float) -> None:
        """Let some time pass; raises `Ended`."""
        if self._ended.wait(seconds):
            raise Ended


class Watch:
    """Somebody who watches; `times` is how often something had been stored when they looked last."""

    def __init__(self, arrivals: Arrivals, times: int) -> None:
        self._arrivals = arrivals
        self._times = times

    def next(self, *, timeout_s: float) -> bool:
        """Wait for something that was stored since the last time, and say whether there was; raises `Ended`."""
        before, self._times = self._times, self._arrivals.await_more(self._times, max(0.0, timeout_s))
        return self._times > before

    def pause(self, seconds: float) -> None:
        """Let some time pass, whatever is stored; raises `Ended`."""
        self._arrivals.pause(seconds)
