"""Shows what is being measured and for how long: one line on a terminal, else a line for each round."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import TextIO

_REWRITE = "\r\x1b[2K"


class Progress:
    """Says on `out` what is under way. `expected_s` is how long all of it takes, about."""

    def __init__(self, expected_s: float, out: TextIO = sys.stderr) -> None:
        self._expected_s = expected_s
        self._out = out
        self._is_terminal = out.isatty()
        self._began_s = time.monotonic()
        self._what = ""

    def begin(self, what: str) -> None:
        """Say what begins."""
        self._what = what
        if self._is_terminal:
            self._write(f"{_REWRITE}{self._clock()} {what} …")

    def end(self, measured: Mapping[str, float]) -> None:
        """Say what came of it."""
        found = ", ".join(f"{value:,.0f} {metric}" for metric, value in measured.items())
        self._write(f"{_REWRITE if self._is_terminal else ''}{self._clock()} {self._what}: {found}")
        if not self._is_terminal:
            self._write("\n")

    def over(self) -> None:
        """Wipe the line away."""
        if self._is_terminal:
            self._write(_REWRITE)

    def _clock(self) -> str:
        return f"[{_minutes(time.monotonic() - self._began_s)} of about {_minutes(self._expected_s)}]"

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
