"""What of a submission the rules of its form look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from shared.contracts import JsonValue

LOOKED_AT_MOST = 20_000
"""Characters of a submission that rules look at: nobody reads more."""


class Told(NamedTuple):
    """One submission: its fields as they are stored, the submitter's own address and language, where it came from, and
    for how many seconds its page had been open, None where no page told."""

    fields: Mapping[str, JsonValue]
    address: str | None = None
    language: str | None = None
    ip: str | None = None
    open_s: float | None = None


def texts_of(fields: Mapping[str, JsonValue], without: frozenset[str] = frozenset()) -> list[str]:
    """Return the texts in fields, at any depth, `LOOKED_AT_MOST` characters in all; each counts as one more."""
    found: list[str] = []
    left = LOOKED_AT_MOST
    for text in _texts([value for name, value in fields.items() if name not in without]):
        found.append(text[:left])
        left -= len(text) + 1
        if left <= 0:
            break
    return found


def _texts(value: JsonValue) -> Iterator[str]:
    """Yield every text in a value, names too: whoever posts to a form without fields chooses them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from _texts(one)
