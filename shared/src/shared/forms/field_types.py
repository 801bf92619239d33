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

    `keys` are those of `OWN_KEYS` that the type has. `bound` reads a `min` or a `max` and
    raises ValueError for what is none; without it the type has neither. `length_most` is what no value is ever longer
    than, whatever `max_length` says; without `has_length` it has no effect. `input` is the type of its HTML input in a
    page that an owner copies, `example` a value of it. `can_be_sealed` says whether it may be sensitive.
    """

    keys: frozenset[str] = frozenset()
    bound: Callable[[Any], Bound] | None = None
    needs_choices: bool = False
    has_length: bool = True
    length_most: int | None = None
    input: str = "text"
    example: str | None = None
    can_be_sealed: bool = True

    def takes(self, key: str) -> bool:
        """Return whether fields of this type have a key of those that not all have."""
        return self.bound is not None if key in BOUNDS else key in self.keys


BOUNDS = ("min", "max")
FILE_KEYS = ("max_size", "max_count", "types", "keep_metadata")
OWN_KEYS = ("choices", "pattern", "min_length", *BOUNDS, *FILE_KEYS)
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
    "email": FieldRules(_WRITTEN, length_most=ADDRESS_MOST, input="email", example="ada@example.org"),
    "number": FieldRules(bound=_number, has_length=False, input="number", example="3.5"),
    "integer": FieldRules(bound=_whole, has_length=False, input="number", example="3"),
    "boolean": FieldRules(has_length=False, example="true"),
    "date": FieldRules(bound=_day, has_length=False, input="date", example="2026-11-22"),
    "url": FieldRules(_WRITTEN, length_most=URL_MOST, input="url", example="https://example.org"),
    "tel": FieldRules(_WRITTEN, input="tel", example="+44 20 7946 0000"),
    "choice": FieldRules(frozenset({"choices"}), needs_choices=True, has_length=False),
    "list": FieldRules(frozenset({"choices"}), bound=_count),
    "file": FieldRules(frozenset(FILE_KEYS), has_length=False, input="file", can_be_sealed=False),
}
"""By the name that stands in the file. `gateway.fields.types.TYPES` has the same names."""
