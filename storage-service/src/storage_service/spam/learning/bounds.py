"""Bounds of a share that is known from a few of all (Clopper and Pearson, 1934), exact for any numbers."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, lgamma, log, log1p

_STEPS = 60


def upper_bound(found: int, of: int, confidence: float = 0.95) -> float:
    """Return the share that is not exceeded with this confidence (one-sided), where `found` were seen among `of`."""
    if found >= of:
        return 1.0
    return _where(lambda share: _at_most(found, of, share) > 1 - confidence)


def lower_bound(found: int, of: int, confidence: float = 0.95) -> float:
    """Return the share that is reached with this confidence (one-sided)."""
    return 1 - upper_bound(of - found, of, confidence) if of else 0.0


def _where(is_below: Callable[[float], bool]) -> float:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return high


def _at_most(found: int, of: int, share: float) -> float:
    """Return how likely `found` or fewer of `of` are, where each is with the probability `share`."""
    if share <= 0:
        return 1.0
    if share >= 1:
        return 0.0
    total = 0.0
    for number in range(found, -1, -1):
        ways = lgamma(of + 1) - lgamma(number + 1) - lgamma(of - number + 1)
        part = exp(ways + number * log(share) + (of - number) * log1p(-share))
        total += part
        if number < of * share and part < total * 1e-15:
            break
    return total
