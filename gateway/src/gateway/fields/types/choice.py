"""Takes one of the choices that the form names."""

from __future__ import annotations

from typing import Any

from gateway.fields.choices import CHOICE_MESSAGE, Choices
from gateway.fields.json_schema import Schema
from gateway.fields.types.base import MESSAGES, FieldType
from gateway.fields.values import bare
from gateway.fields.widgets import Widget
from shared.contracts import JsonValue
from shared.forms import Field, Form


class Choice(FieldType):
    """One of the form's choices, as the form writes it."""

    messages = MESSAGES | {
        "REQUIRED_FIELD_MISSING": "Please choose {label}.",
        "REQUIRED_FIELD_EMPTY": "Please choose {label}.",
        "TYPE_CHOICE": CHOICE_MESSAGE,
    }

    def __init__(self, definition: Field, form: Form) -> None:
        super().__init__(definition, form)
        self._choices = Choices(definition.choices)

    def read(self, value: Any) -> JsonValue:
        return self._choices.match(self.text_of(bare(value), "TYPE_CHOICE"))

    @classmethod
    def draw(cls, definition: Field, form: Form) -> Widget:  # noqa: ARG003
        return Widget("select")

    @classmethod
    def describe(cls, definition: Field, form: Form) -> Schema:  # noqa: ARG003
        return {"enum": list(definition.choices)}
