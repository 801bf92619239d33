"""Takes a calendar date."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from marshmallow import ValidationError

from gateway.fields.cleaning import FIGURES, Cleaning
from gateway.fields.json_schema import Schema, text_schema
from gateway.fields.types.base import MESSAGES, FieldType
from gateway.fields.widgets import Widget, bounded_input
from shared.contracts import JsonValue
from shared.forms import Field, Form

_clean = Cleaning(FIGURES, digits=True)

_SHOWN = re.compile(r"\d{4}-\d\d-\d\d")
"""HTML, 4.10.5.1.7: of anything else a browser shows nothing."""


class Date(FieldType):
    """A calendar date, as `2026-11-22`."""

    messages = MESSAGES | {
        "TYPE_DATE": "{label} must be a date, such as 2026-11-22.",
        "BELOW_MIN": "{label} must be {field.min} or later.",
        "ABOVE_MAX": "{label} must be {field.max} or earlier.",
    }

    def read(self, value: Any) -> JsonValue:
        text = self.text_of(_clean(value), "TYPE_DATE")
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise ValidationError("TYPE_DATE") from error
        self.check_bounds(day, "BELOW_MIN", "ABOVE_MAX")
        return day.isoformat()

    @classmethod
    def draw(cls, definition: Field, form: Form) -> Widget:  # noqa: ARG003
        return bounded_input(definition, "date", _SHOWN)

    @classmethod
    def describe(cls, definition: Field, form: Form) -> Schema:
        return text_schema(definition, form, "date")
