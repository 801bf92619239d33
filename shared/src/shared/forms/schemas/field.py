"""Checks the table of one field in the definitions."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from shared.forms.field_types import BOUNDS, FIELD_TYPES, FILE_KEYS, OWN_KEYS, Bound
from shared.forms.patterns import compiled
from shared.forms.schemas.switches import Switch
from shared.forms.schemas.tables import Table
from shared.forms.schemas.texts import Text
from shared.forms.uploads.rules import SIZE_MOST
from shared.forms.uploads.schemas import Kinds, Size, count

FIELD_NAME = validate.Regexp(
    r"[^_\W][\w .-]{0,99}\Z",
    error="a field's name begins with a letter or digit, and has letters, digits, spaces, and . - _ in it, 100 at most",
)

_LENGTH_MOST = 1_000_000
_CHOICE_MOST = 1000  # characters: what is compared is put into a normal form, which takes their square
_CHOICES_MOST = 1000


def _check_pattern(pattern: str) -> None:
    try:
        compiled(pattern)
    except ValueError as error:
        reason = "RE2 does not take this pattern (it has no lookaround, no backreferences)"
        raise ValidationError(f"{reason}: {error}") from error


def _check_type(name: str) -> None:
    if name not in FIELD_TYPES:
        raise ValidationError(f"expected one of: {', '.join(FIELD_TYPES)}")


def _whole(least: int) -> validate.Range:
    return validate.Range(least, _LENGTH_MOST, error="expected a whole number from {min} to {max}")


class FieldSchema(Table):
    """The table of one field."""

    type = Text(
        required=True,
        validate=_check_type,
        error_messages={"required": "a field needs a type, such as text"},
    )
    required = fields.Boolean()
    sensitive = Switch()
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
    max_size = Size(SIZE_MOST)
    max_count = count()
    types = Kinds()
    keep_metadata = Switch()

    @validates_schema(skip_on_field_errors=False)
    def _keys_where_they_belong(self, data: dict[str, Any], **_: Any) -> None:
        kind = data.get("type")
        if kind is None:
            return
        wrong = {
            key: [f"{kind} has no {key}; {_having(key)}"]
            for key in OWN_KEYS
            if key in data and not FIELD_TYPES[kind].takes(key)
        }
        if FIELD_TYPES[kind].needs_choices and not data.get("choices"):
            wrong["choices"] = [f"a {kind} needs its choices"]
        if data.get("sensitive") and not FIELD_TYPES[kind].can_be_sealed:
            wrong["sensitive"] = [f"a {kind} is not sealed: leave it out (docs/files.md says who can read files)"]
        if wrong:
            raise ValidationError(wrong)

    @validates_schema(skip_on_field_errors=False)
    def _lengths_in_order(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("min_length", 0) > data.get("max_length", 5000):
            raise ValidationError("more than max_length", "min_length")

    @validates_schema(skip_on_field_errors=False)
    def _bounds_in_order(self, data: dict[str, Any], **_: Any) -> None:
        bounds = _bounds_of(data)
        if len(bounds) == len(BOUNDS) and bounds["min"] > bounds["max"]:  # type: ignore[operator]
            raise ValidationError("more than max", "min")

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "choices" in data:
            data["choices"] = tuple(data["choices"])
        if most := FIELD_TYPES[data["type"]].length_most:
            data["max_length"] = min(most, data.get("max_length", most))
        if data["type"] == "file":
            data["file"] = {key: data.pop(key) for key in FILE_KEYS if key in data}
        return data | _bounds_of(data)


def _having(key: str) -> str:
    names = [name for name, kind in FIELD_TYPES.items() if kind.takes(key)]
    return f"only {names[0]} has" if len(names) == 1 else f"{', '.join(names)} have"


def _bounds_of(data: dict[str, Any]) -> dict[str, Bound]:
    """Return the bounds as values to compare; raises `ValidationError` where one does not fit the field's type."""
    bound = FIELD_TYPES[data["type"]].bound if "type" in data else None
    bounds: dict[str, Bound] = {}
    wrong = {}
    for key in BOUNDS:
        if bound is None or key not in data:
            continue
        try:
            bounds[key] = bound(data[key])
        except ValueError as error:
            wrong[key] = [str(error)]
    if wrong:
        raise ValidationError(wrong)
    return bounds
