"""Takes true or false, as a checkbox says it."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError

from gateway.fields.json_schema import Schema
from gateway.fields.types.base import MESSAGES, FieldType
from gateway.fields.values import bare
from gateway.fields.widgets import Widget
from shared.contracts import JsonValue
from shared.forms import Field, Form

_TRUE = frozenset({"true", "on", "yes", "1"})
_FALSE = frozenset({"false", "off", "no", "0"})


class Boolean(FieldType):
    """True or false; a ticked checkbox says `on`.

    Where it stands several times the last counts: frameworks put a hidden `0` before the checkbox. ASP.NET puts its
    hidden `false` behind the `true` of a ticked one.
    """

    messages = MESSAGES | {
        "REQUIRED_FIELD_MISSING": "Please tick {label}.",
        "TYPE_BOOLEAN": "{label} must be true or false.",
    }

    def one_of(self, values: list[JsonValue]) -> JsonValue:
        """Return what counts of several values of one name."""
        return values[0] if values == ["true", "false"] else values[-1] if values else None

    def read(self, value: Any) -> JsonValue:
        if isinstance(value, bool):
            return value
        word = value.lower() if isinstance(value := bare(value), str) else None
        if word not in _TRUE | _FALSE:
            raise ValidationError("TYPE_BOOLEAN")
        return word in _TRUE

    @classmethod
    def draw(cls, definition: Field, form: Form) -> Widget:  # noqa: ARG003
        return Widget("checkbox")

    @classmethod
    def describe(cls, definition: Field, form: Form) -> Schema:  # noqa: ARG003
        return {"anyOf": [{"type": "boolean"}, {"enum": sorted(_TRUE | _FALSE)}]}
