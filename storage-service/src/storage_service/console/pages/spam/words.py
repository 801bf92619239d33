"""Says shares and counts in words that need no statistics."""

from __future__ import annotations

_NEARLY_ALL = 0.99
_FEW = 0.01


def of_100(share: float) -> str:
    """Return a share as so many of a hundred: `94`, `less than 1`, `more than 99`."""
    if 0 < share < _FEW:
        return "less than 1"
    if _NEARLY_ALL < share < 1:
        return "more than 99"
    return str(round(share * 100))


def at_most_of_100(share: float) -> str:
    """Return the bound of a share as so many of a hundred, with one digit where whole ones say too little."""
    return f"{-(-share * 1000 // 1) / 10:g}"


def at_least_of_100(share: float) -> str:
    """Return the bound of a share from below as so many of a hundred."""
    return str(int(share * 100))


def some(n: int, one: str, many: str) -> str:
    """Return so many of a thing: `1 label`, `1,200 labels`."""
    return f"1 {one}" if n == 1 else f"{n:,} {many}"
