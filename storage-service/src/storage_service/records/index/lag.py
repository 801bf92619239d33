"""Remembers for a moment how far the search index is behind, for pages that say so."""

from __future__ import annotations

import time
from collections.abc import Callable

from shared.messaging.failures import DependencyUnavailable

REMEMBERED_S = 1.0


class RecentLag:
    """Returns it in seconds, at most a second old: however many pages are opened, the database is asked once.

    While the database is away it is 0: whoever asks hears of that otherwise. Safe to use from several threads.
    """

    def __init__(self, lag_s: Callable[[], float], *, remembered_s: float = REMEMBERED_S) -> None:
        self._lag_s = lag_s
        self._remembered_s = remembered_s
        self._known: tuple[float, float] | None = None

    def __call__(self) -> float:
        """Return it."""
        now_s, known = time.monotonic(), self._known
        if known is not None and now_s - known[0] < self._remembered_s:
            return known[1]
        self._known = (now_s, known[1] if known else 0.0)  # others do not ask meanwhile
        try:
            found = self._lag_s()
        except DependencyUnavailable:
            found = 0.0
        self._known = (now_s, found)
        return found
