"""Lets whoever counts know what is passed on, by callables that may not block or raise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _ignore(*_: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class PassingCounters:
    """Counts what is passed on; left out, nothing."""

    answered: Callable[[str, int, float], None] = _ignore
    """The console has answered: on which side (`v1`, `console`), with which status, and after how many seconds the
    answer began."""

    refused: Callable[[str, str], None] = _ignore
    """There was no place: among `requests` or `streams`; and whose bound it was, `all` or `source`."""

    failed: Callable[[str], None] = _ignore
    """The console was `away` or `broken` off, before or in an answer."""
