"""Takes a number."""

from __future__ import annotations

import math
import re
from typing import Any, ClassVar

from marshmallow import ValidationError

from gateway.fields.cleaning import FIGURES, Cleaning
from gateway.fields.json_schema import Schema, with_bounds
from gateway.fields.types.base import MESSAGES, FieldType
from gateway.fields.widgets import Widget, bounded_input
from shared.contracts import JsonValue
from shared.forms import Field, Form

_clean = Cleaning({**FIGURES, 0x66B: ".", 0x66C: ""}, digits=True)  # Arabic's separators

_WHOLE = re.compile(r"[+-]?[0-9]{1,40}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?")
_SHOWN = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?")
"""HTML, 4.10.5.1.12: of anything else a browser shows nothing."""


class Number(FieldType):
    """A number, or its decimal notation; a whole one stays whole."""

    messages = MESSAGES | {
        "TYPE_NUMERIC": "{label} must be a number.",
        "BELOW_MIN": "{label} must be {field.min} or more.",
        "ABOVE_MAX": "{label} must be {field.max} or less.",
    }
    json_type: ClassVar[str] = "number"
    step: ClassVar[str] = "any"

    def read(self, value: Any) -> JsonValue:
        if isinstance(value, str) and _DECIMAL.fullmatch(text := _clean(value)):
            value = int(text) if _WHOLE.fullmatch(text) else float(text)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError("TYPE_NUMERIC")
        if not (-(2**63) <= value < 2**63 if isinstance(value, int) else math.isfinite(value)):
            raise ValidationError("TYPE_NUMERIC")
        self.check_bounds(value, "BELOW_MIN", "ABOVE_MAX")
        return value

    @classmethod
    def draw(cls, definition: Field, form: Form) -> Widget:  # noqa: ARG003
        return bounded_input(definition, "number", _SHOWN, cls.step)

    @classmethod
    def describe(cls, definition: Field, form: Form) -> Schema:  # noqa: ARG003
        number = with_bounds({"type": cls.json_type}, "minimum", "maximum", definition)
        return {"anyOf": [number, {"type": "string", "description": "In decimal notation."}]}
