"""Writes JSON values and moments as the text of a cell."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, tzinfo
from uuid import UUID

from shared.contracts import JsonValue
from shared.database import iso

_json = json.JSONEncoder(ensure_ascii=False).encode


def text_of(value: JsonValue) -> str:
    """Return a value as a text: nothing for null, lists and objects as JSON (`["red", "blue"]`)."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)
    return _OF_SIGNS[value] if value is None or isinstance(value, bool) else _json(value)


_OF_SIGNS = {None: "", True: "true", False: "false"}


def id_of(stored: UUID | str) -> UUID:
    """Return an id; SQLite gives a text."""
    return stored if isinstance(stored, UUID) else UUID(stored)


def id_text(key: UUID | str) -> str:
    """Return an id with its hyphens; SQLite gives it without."""
    return f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}" if isinstance(key, str) else str(key)


def moments_in(zone: tzinfo) -> Callable[[datetime | str], str]:
    """Return what writes moments in a zone, by ISO 8601: in UTC just as the API has them."""
    if str(zone) == "UTC":  # also where somebody asked for it by its name
        return lambda moment: moment if isinstance(moment, str) else iso(moment)
    return lambda moment: in_zone(moment_of(moment), zone).isoformat(timespec="microseconds")


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """Return a moment by the clocks of a zone; as it is where no calendar has it there (of the year 9999)."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def moment_of(stored: datetime | str) -> datetime:
    """Return a moment; SQLite gives a text, as `iso` made it."""
    return datetime.fromisoformat(stored) if isinstance(stored, str) else stored


def list_text(stored: str) -> str:
    """Return a list that is stored as JSON: nothing where it is empty."""
    return "" if stored == "[]" else _json(json.loads(stored))
