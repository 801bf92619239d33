"""Waits for a condition with a deadline."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from support.pace import Patience

T = TypeVar("T")


def eventually(check: Callable[[], T | None], timeout_s: float, message: str) -> T:
    """Call `check` until what it returns is true, and return that.

    An `AssertionError` in `check` counts as not yet. After `timeout_s`, on a slow machine more, raises
    `AssertionError` with `message` and the last thing that was seen.
    """
    patience = Patience(timeout_s)
    while True:
        seen: object
        try:
            seen = result = check()
        except AssertionError as error:
            seen = error
        else:
            if result:
                return result
        if patience.is_over():
            raise AssertionError(f"after {patience.waited_s:.0f} s still not: {message}; last seen: {seen!r}")
        patience.rest(0.05)
