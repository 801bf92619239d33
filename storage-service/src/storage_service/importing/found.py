"""What is found in a file: records, and what cannot be read as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.contracts import JsonValue

RECORD_MOST = 2 * 1024 * 1024
"""Characters of one record, as the file has it: as long as the largest body that a gateway can be told to take."""

FIELDS_MOST = 1000
"""Columns of a table, and fields of one submission."""

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


def lines_in_words(first: int, last: int) -> str:
    """Return where something stands: `line 3`, `lines 3-7`."""
    return f"line {first}" if first == last else f"lines {first}-{last}"
