"""Bounds how much is going on at once, in all and of each source."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

WAIT_S = 2.0


class Full(Exception):
    """There was no place in time; the text says whose bound it was: `all` or `source`."""


class Places:
    """So many places at once, of which one source has `source_most`. Whoever finds none waits for a moment, but no
    more than may be in. Safe to use from many threads."""

    def __init__(self, most: int, source_most: int, *, wait_s: float = WAIT_S) -> None:
        self._most = most
        self._source_most = source_most
        self._wait_s = wait_s
        self._changed = threading.Condition()
        self._taken: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many are taken now."""
        return self._taken.total()

    @contextmanager
    def place(self, source: str) -> Iterator[None]:
        """Have a place for as long as the `with` lasts; raises `Full`."""
        with self._changed:
            if self._bound(source) is not None:
                self._wait(source)
            self._taken[source] += 1
        try:
            yield
        finally:
            with self._changed:
                _remove(self._taken, source)
                self._changed.notify_all()

    def _bound(self, source: str) -> str | None:
        if self._taken[source] >= self._source_most:
            return "source"
        return "all" if self._taken.total() >= self._most else None

    def _wait(self, source: str) -> None:
        """Wait for a place; not more do so than have one, for each holds a thread."""
        if self._waiting[source] >= self._source_most:
            raise Full("source")
        if self._waiting.total() >= self._most:
            raise Full("all")
        self._waiting[source] += 1
        try:
            self._changed.wait_for(lambda: self._bound(source) is None, self._wait_s)
        finally:
            _remove(self._waiting, source)
        if bound := self._bound(source):
            raise Full(bound)


def _remove(counts: Counter[str], source: str) -> None:
    counts[source] -= 1
    if not counts[source]:
        del counts[source]
