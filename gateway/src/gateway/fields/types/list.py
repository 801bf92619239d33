"""Takes several texts, any or some of the choices that the form names."""

from __future__ import annotations

from typing import Any

from gateway.fields.choices import CHOICE_MESSAGE, Choices
from gateway.fields.json_schema import Schema, text_schema, with_bounds
from gateway.fields.types.base import MESSAGES, FieldType
from gateway.fields.values import bare, is_blank
from gateway.fields.widgets import Widget
from shared.contracts import JsonValue
from shared.forms import Field, Form


class Listing(FieldType):
    """Several texts; one alone is a list of one, and blank ones are left out."""

    messages = MESSAGES | {
        "TYPE_LIST": "{label} must be a list of texts.",
        "TYPE_CHOICE": CHOICE_MESSAGE,
        "TOO_FEW": "{label} must have at least {field.min} entries.",
        "TOO_MANY": "{label} must have at most {field.max} entries.",
    }

    def __init__(self, definition: Field, form: Form) -> None:
        super().__init__(definition, form)
        self._choices = Choices(definition.choices) if definition.choices else None

    def one_of(self, values: list[JsonValue]) -> JsonValue:
        """Return all of them."""
        return values

    def read(self, value: Any) -> JsonValue:
        texts = [text for text in value if not is_blank(text)] if isinstance(value, list) else [value]
        self.check_bounds(len(texts), "TOO_FEW", "TOO_MANY")
        if self._choices is None:
            return [self.text_of(text, "TYPE_LIST") for text in texts]
        return [self._choices.match(self.text_of(bare(text), "TYPE_LIST")) for text in texts]

    @classmethod
    def draw(cls, definition: Field, form: Form) -> Widget:  # noqa: ARG003
        return Widget("checkboxes" if definition.choices else "lines")

    @classmethod
    def describe(cls, definition: Field, form: Form) -> Schema:
        item = {"enum": list(definition.choices)} if definition.choices else text_schema(definition, form)
        return {"anyOf": [with_bounds({"type": "array", "items": item}, "minItems", "maxItems", definition), item]}
