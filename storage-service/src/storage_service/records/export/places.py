"""Bounds how many exports a process writes at once."""

from __future__ import annotations

import threading


class AllTaken(Exception):
    """As many exports are being written as may be; one ends sooner or later."""


class Place:
    """One export's place, until `free`, which may be called twice."""

    def __init__(self, places: threading.BoundedSemaphore) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._is_free = False

    def free(self) -> None:
        """Let another one have it."""
        with self._lock:
            if not self._is_free:
                self._is_free = True
                self._places.release()


class Places:
    """So many places. Safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self._places = threading.BoundedSemaphore(most)

    def take(self) -> Place:
        """Take one without waiting; raises `AllTaken`."""
        if not self._places.acquire(blocking=False):
            raise AllTaken
        return Place(self._places)
