"""What is found in a file: records, and what cannot be read as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.contracts import JsonValue

RECORD_MOST = 2 * 1024 * 1024
"""Characters of one record, as the file has it: as long as the largest body that a gateway can be told to take."""

FIELDS_MOST = 1000
"""Columns of a table, and fields of one submission."""

CHARACTERS_AT_ONCE = 4 * 1024 * 1024
"""Of records that are in memory together, at most; but always one record."""

_ALWAYS = 100

NAME_MOST = 500
"""Characters of a column's name."""


class Unreadable(Exception):
    """The file as a whole cannot be taken; the text says why, and how to mend it."""


@dataclass(frozen=True, slots=True)
class Found:
    """One record: its values by the names that the file has for them, and the lines it stands on, from 1."""

    first: int
    last: int
    values: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Lines that are no record; `why` shows nothing of what stands there."""

    first: int
    last: int
    why: str


def size_of(value: JsonValue | Mapping[str, JsonValue]) -> int:
    """Return about how many characters a value takes, those of names and of what is inside among them."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(len(name) + size_of(inside) for name, inside in value.items()) + _ALWAYS
    if isinstance(value, list):
        return sum(map(size_of, value)) + _ALWAYS
    return _ALWAYS


def lines_in_words(first: int, last: int) -> str:
    """Return where something stands: `line 3`, `lines 3-7`."""
    return f"line {first}" if first == last else f"lines {first}-{last}"
