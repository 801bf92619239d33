"""Waits for a condition with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(check: Callable[[], T | None], timeout_s: float, message: str) -> T:
    """Call `check` until what it returns is true, and return that.

    An `AssertionError` in `check` counts as not yet. After `timeout_s` raises `AssertionError` with `message` and the
    last thing that was seen.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        seen: object
        try:
            seen = result = check()
        except AssertionError as error:
            seen = error
        else:
            if result:
                return result
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout_s:g} s still not: {message}; last seen: {seen!r}")
        time.sleep(0.05)
