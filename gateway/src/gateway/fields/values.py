"""Tells which submitted values say nothing, and which of several values counts."""

from __future__ import annotations

from gateway.fields.cleaning import BLANK
from shared.contracts import JsonValue


def is_blank(value: JsonValue) -> bool:
    """Return whether nothing was said: no value, a text with nothing to see, or only such ones in a list or table."""
    if isinstance(value, str):
        return not value.strip(BLANK)
    if isinstance(value, dict):
        return all(is_blank(inner) for inner in value.values())
    if isinstance(value, list):
        return all(is_blank(inner) for inner in value)
    return value is None


def only(values: list[JsonValue]) -> JsonValue:
    """Return the one value of a name that stands several times: the only one that is not blank; else all of them."""
    filled = [value for value in values if not is_blank(value)]
    if not filled:
        return None
    return filled[0] if all(value == filled[0] for value in filled) else values


def bare(value: JsonValue) -> JsonValue:
    """Return a text without what says nothing at its ends; anything else as it is."""
    return value.strip(BLANK) if isinstance(value, str) else value
