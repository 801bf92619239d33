"""Lists the types that a field may have, and what the file may say of each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from shared.forms.schemas.texts import URL_MOST
from shared.mail_addresses import ADDRESS_MOST

Bound: TypeAlias = int | float | date


@dataclass(frozen=True, slots=True)
class FieldRules:
    """What the file may say of the fields of one type, beside what it may say of all.

    `keys` are those of `choices`, `pattern` and `min_length` that the type has. `bound` reads a `min` or a `max` and
    raises ValueError for what is none; without it the type has neither. `length_most` is what no value is ever longer
    than, whatever `max_length` says; without `has_length` it has no effect.
    """

    keys: frozenset[str] = frozenset()
    bound: Callable[[Any], Bound] | None = None
    needs_choices: bool = False
    has_length: bool = True
    length_most: int | None = None

    def takes(self, key: str) -> bool:
        """Return whether fields of this type have a key of those that not all have."""
        return self.bound is not None if key in BOUNDS else key in self.keys


BOUNDS = ("min", "max")
OWN_KEYS = ("choices", "pattern", "min_length", *BOUNDS)
"""The keys that only some types have."""


def _number(value: Any) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    raise ValueError("expected a number")


def _whole(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("expected a whole number")


def _count(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError("expected how many entries, from 0")


def _day(value: Any) -> date:
    """Read a date, which may be written as a text or as TOML's own."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError("expected a date, such as 2026-11-22") from error


_WRITTEN = frozenset({"pattern", "min_length"})

FIELD_TYPES: dict[str, FieldRules] = {
    "text": FieldRules(_WRITTEN),
    "email": FieldRules(_WRITTEN, length_most=ADDRESS_MOST),
    "number": FieldRules(bound=_number, has_length=False),
    "integer": FieldRules(bound=_whole, has_length=False),
    "boolean": FieldRules(has_length=False),
    "date": FieldRules(bound=_day, has_length=False),
    "url": FieldRules(_WRITTEN, length_most=URL_MOST),
    "tel": FieldRules(_WRITTEN),
    "choice": FieldRules(frozenset({"choices"}), needs_choices=True, has_length=False),
    "list": FieldRules(frozenset({"choices"}), bound=_count),
}
"""By the name that stands in the file. `gateway.fields.types.TYPES` has the same names."""
