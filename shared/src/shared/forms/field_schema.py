"""What may stand in a field's definition."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any, get_args

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from shared.forms.definitions import LENGTH_MOST, FieldType
from shared.forms.patterns import compiled
from shared.forms.tables import Table
from shared.forms.texts import Text

FIELD_NAME = validate.Regexp(
    r"[^_\W][\w .-]{0,99}\Z",
    error="a field's name begins with a letter or digit, and has letters, digits, spaces, and . - _ in it, 100 at most",
)

_LENGTH_MOST = 1_000_000
_CHOICE_MOST = 1000  # characters: what is compared is put into a normal form, which takes their square
_CHOICES_MOST = 1000
_WRITTEN = frozenset({"text", "email", "url", "tel"})
_BOUNDED = frozenset({"number", "integer", "date", "list"})
_BELONGS = {
    "choices": frozenset({"choice", "list"}),
    "pattern": _WRITTEN,
    "min_length": _WRITTEN,
    "min": _BOUNDED,
    "max": _BOUNDED,
}
"""The keys that only some types have."""


def _check_pattern(pattern: str) -> None:
    try:
        compiled(pattern)
    except ValueError as error:
        reason = "RE2 does not take this pattern (it has no lookaround, no backreferences)"
        raise ValidationError(f"{reason}: {error}") from error


def _whole(least: int) -> validate.Range:
    return validate.Range(least, _LENGTH_MOST, error="expected a whole number from {min} to {max}")


class FieldSchema(Table):
    """The table of one field."""

    type = Text(
        required=True,
        validate=validate.OneOf(get_args(FieldType), error="expected one of: {choices}"),
        error_messages={"required": "a field needs a type, such as text"},
    )
    required = fields.Boolean()
    min_length = fields.Integer(strict=True, validate=_whole(0))
    max_length = fields.Integer(strict=True, validate=_whole(1))
    pattern = Text(lines=True, validate=[validate.Length(min=1, max=500), _check_pattern])
    min = fields.Raw()
    max = fields.Raw()
    label = Text(lines=True, validate=validate.Length(max=200))
    help = Text(lines=True, validate=validate.Length(max=500))
    choices = fields.List(
        Text(most=_CHOICE_MOST, validate=validate.Length(min=1)), validate=validate.Length(1, _CHOICES_MOST)
    )

    @validates_schema(skip_on_field_errors=False)
    def _keys_where_they_belong(self, data: dict[str, Any], **_: Any) -> None:
        kind = data.get("type")
        if kind is None:
            return
        wrong = {key: [f"{kind} has no {key}; {_listed(types)} have"] for key, types in _BELONGS.items()
                 if key in data and kind not in types}  # fmt: skip
        if kind == "choice" and not data.get("choices"):
            wrong["choices"] = ["a choice needs its choices"]
        if wrong:
            raise ValidationError(wrong)

    @validates_schema(skip_on_field_errors=False)
    def _bounds_in_order(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("min_length", 0) > data.get("max_length", 5000):
            raise ValidationError("more than max_length", "min_length")
        if data.get("type") not in _BOUNDED:
            return
        wrong = {
            key: error for key in ("min", "max") if key in data and (error := _bound_error(data["type"], data[key]))
        }
        if wrong:
            raise ValidationError(wrong)
        if "min" in data and "max" in data and _bound(data["min"]) > _bound(data["max"]):
            raise ValidationError("more than max", "min")

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "choices" in data:
            data["choices"] = tuple(data["choices"])
        if most := LENGTH_MOST.get(data["type"]):
            data["max_length"] = min(most, data.get("max_length", most))
        return data | {key: _bound(data[key]) for key in ("min", "max") if key in data}


def _listed(types: frozenset[str]) -> str:
    return ", ".join(kind for kind in get_args(FieldType) if kind in types)


def _bound(value: Any) -> Any:
    """Return a bound as it is compared: a date may be written as a text or as TOML's own."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _bound_error(kind: str, value: Any) -> list[str] | None:
    if kind == "date":
        return None if _is_date(value) else ["expected a date, such as 2026-11-22"]
    if kind == "number":
        is_right = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return None if is_right else ["expected a number"]
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if kind == "list" and not (is_whole and value >= 0):
        return ["expected how many entries, from 0"]
    return None if is_whole else ["expected a whole number"]


def _is_date(value: Any) -> bool:
    if not isinstance(value, str):
        return isinstance(value, date) and not isinstance(value, datetime)
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
