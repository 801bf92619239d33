"""Reads the fields of a submission from the JSON that is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from shared.contracts import JsonValue

_values = msgspec.json.Decoder(dict[str, Any]).decode
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def values_of(fields: str) -> dict[str, JsonValue]:
    """Return the values by their names, in their order."""
    try:
        return _values(fields)
    except msgspec.MsgspecError:  # what the standard library takes, and msgspec does not
        found: dict[str, JsonValue] = json.loads(fields)
        return found


def names_of(fields: str) -> Mapping[str, object]:
    """Return the names in their order, with whatever; a third quicker than `values_of`."""
    try:
        return _members(fields)
    except msgspec.MsgspecError:
        return values_of(fields)
