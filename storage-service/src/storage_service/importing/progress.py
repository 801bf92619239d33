"""Shows how far an import is: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

_WIDTH = 24
_BAR_EVERY_S = 0.2
_LINE_EVERY_S = 10.0


class Progress:
    """Shows it on a stream, by how many bytes of how many were read."""

    def __init__(self, out: TextIO, size: int, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._size = max(size, 1)
        self._clock_s = clock_s
        self._begun_s = clock_s()
        self._is_bar = out.isatty()
        self._next_s = self._begun_s + (0 if self._is_bar else _LINE_EVERY_S)
        self._is_shown = False

    def show(self, place: int, records: int) -> None:
        """Show that so many bytes and records were read, where it is time to."""
        now_s = self._clock_s()
        if now_s < self._next_s:
            return
        self._next_s = now_s + (_BAR_EVERY_S if self._is_bar else _LINE_EVERY_S)
        share = min(place / self._size, 1.0)
        took_s = max(now_s - self._begun_s, 0.001)
        left = f", {_in_words(took_s / share - took_s)} left" if share > 0.01 else ""
        text = f"{share:4.0%}  {records:,} records, {records / took_s:,.0f} a second{left}"
        if self._is_bar:
            done = int(share * _WIDTH)
            self._out.write(f"\r[{'#' * done}{'.' * (_WIDTH - done)}] {text}\033[K")
            self._is_shown = True
        else:
            self._out.write(f"{text}\n")
        self._out.flush()

    def clear(self) -> None:
        """Take the bar away, for what is to be said instead."""
        if self._is_shown:
            self._out.write("\r\033[K")
            self._out.flush()
            self._is_shown = False
            self._next_s = 0.0


def _in_words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
