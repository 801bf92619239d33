"""Counts the steps of a call without a clock, so that every run counts the same."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import idna
import pytest

_WHOLE = frozenset(
    [
        *("casefold", "copy", "count", "decode", "encode", "find", "format", "index", "insert", "join", "lower"),
        *("lstrip", "partition", "pop", "remove", "replace", "rfind", "rindex", "rpartition", "rsplit", "rstrip"),
        *("split", "splitlines", "startswith", "strip", "translate", "upper"),
    ]
)
"""The methods of texts, bytes and lists that look at all they are called on."""


def steps_of(call: Callable[[], object]) -> int:
    """Return how many lines of Python a call runs, and how much its methods in C look at, by the length of that.

    Whatever the call raises is an answer as any other.
    """
    steps = 0

    def trace(_frame: FrameType, event: str, _arg: Any) -> Any:
        nonlocal steps
        steps += event == "line"
        return trace

    def profile(_frame: FrameType, event: str, arg: Any) -> None:
        nonlocal steps
        if event == "c_call" and arg.__name__ in _WHOLE:
            subject = getattr(arg, "__self__", None)
            steps += len(subject) if isinstance(subject, str | bytes | bytearray | list | tuple) else 0

    before = sys.gettrace(), sys.getprofile()
    sys.settrace(trace)
    sys.setprofile(profile)
    try:
        with suppress(Exception):
            call()
    finally:
        sys.setprofile(before[1])
        sys.settrace(before[0])
    return steps


@contextmanager
def lengths_normalised() -> Iterator[list[int]]:
    """Collect the lengths of the texts that are put into a normal form, or into IDNA's: that takes their square."""
    seen: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        for module, name, at in (
            (unicodedata, "normalize", 1),
            (unicodedata, "is_normalized", 1),
            (idna, "uts46_remap", 0),
            (idna, "alabel", 0),
            (idna, "encode", 0),
            (idna, "decode", 0),
        ):
            patch.setattr(module, name, _noting(getattr(module, name), seen, at))
        yield seen


def _noting(function: Callable[..., Any], seen: list[int], at: int) -> Callable[..., Any]:
    def noting(*given: Any, **named: Any) -> Any:
        seen.append(len(given[at]))
        return function(*given, **named)

    return noting
