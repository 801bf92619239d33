"""Takes a whole number."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError

from gateway.fields.types.number import Number
from shared.contracts import JsonValue


class Integer(Number):
    """A whole number, or its digits."""

    json_type = "integer"
    step = "1"

    def read(self, value: Any) -> JsonValue:
        number = super().read(value)
        if isinstance(number, int):
            return number
        raise ValidationError("TYPE_NUMERIC")
