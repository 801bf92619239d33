"""Lets whoever counts know what became of what mails led to, by callables that may not block or raise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Count: TypeAlias = Callable[[str], object]
"""Is told an outcome."""


def ignore(*_: object) -> None:
    """Count nothing."""


@dataclass(frozen=True, slots=True)
class MailCounters:
    """What follows from mails: somebody presses a button in one, or it comes back."""

    opt_in: Count = ignore
    """The button that confirms an address was pressed: what came of it (`opt_in.words.Outcome`)."""

    unsubscribe: Count = ignore
    """Somebody wants no more mails: what came of it (`unsubscribe.words.Outcome`)."""

    bounce_call: Callable[[str, str], object] = ignore
    """A provider called: which one, and what came of it (`bounces.hooks.OUTCOMES`)."""


NO_COUNTERS = MailCounters()
"""Counts nothing."""
