"""Lets whoever counts know what became of each submission, by callables that may not block or raise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _ignore(*_: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class OutcomeCounters:
    """Counts what becomes of each submission; left out, nothing."""

    accepted: Callable[[bool], None] = _ignore
    """The broker has confirmed one, and 202 is the answer; true for spam."""

    refused: Callable[[int], None] = _ignore
    """One was answered with this status."""

    judged: Callable[[str, str], None] = _ignore
    """One was judged: by which mode of its form, and what came of it (`gateway.spam.judging.OUTCOMES`)."""
