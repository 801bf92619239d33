"""Takes a telephone number."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError

from gateway.fields.cleaning import Cleaning, table
from gateway.fields.json_schema import Schema, text_schema
from gateway.fields.types.base import MESSAGES, FieldType
from gateway.fields.widgets import Widget, text_input
from shared.contracts import JsonValue
from shared.forms import Field, Form

_clean = Cleaning(table(spaces=" ", line_ends=" ", dashes="-"), digits=True)

_TEL = re.compile(r"\(?\+?[0-9 ()./-]{3,40}(?:,? ?(?:;ext=|ext\.?|extension|x|#) ?[0-9]{1,10})?", re.IGNORECASE)


class Tel(FieldType):
    """A telephone number, as people write it."""

    messages = MESSAGES | {"TYPE_TEL": "{label} must be a telephone number."}
    autocomplete = "tel"

    def read(self, value: Any) -> JsonValue:
        text = self.text_of(clean_tel(value), "TYPE_TEL")
        if not _TEL.fullmatch(text):
            raise ValidationError("TYPE_TEL")
        return text

    @classmethod
    def draw(cls, definition: Field, form: Form) -> Widget:  # noqa: ARG003
        return text_input(definition, "tel")

    @classmethod
    def describe(cls, definition: Field, form: Form) -> Schema:
        return text_schema(definition, form, "tel")


def clean_tel(value: Any) -> Any:
    """Return a number without what nobody sees, and without the scheme that a link has before it."""
    text = _clean(value)
    return text[4:].lstrip(" ") if isinstance(text, str) and text[:4].lower() == "tel:" else text
