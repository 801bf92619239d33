"""Takes an email address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from marshmallow import ValidationError

from gateway.fields.email import clean_email, is_email
from gateway.fields.json_schema import Schema, text_schema
from gateway.fields.types.base import MESSAGES, FieldType
from gateway.fields.widgets import Widget, text_input
from shared.contracts import JsonValue
from shared.forms import Field, Form


class Email(FieldType):
    """One address, by its syntax; of domains that are not public, those that the form names."""

    messages = MESSAGES | {"TYPE_EMAIL": "{label} must be an email address, such as ada@example.org."}
    autocomplete = "email"

    def __init__(self, definition: Field, form: Form) -> None:
        super().__init__(definition, form)
        self._mail_domains = form.mail_domains

    def read(self, value: Any) -> JsonValue:
        text = self.text_of(clean_email(value), "TYPE_EMAIL")
        if not is_email(text, self._mail_domains):
            raise ValidationError("TYPE_EMAIL")
        return text

    @classmethod
    def draw(cls, definition: Field, form: Form) -> Widget:  # noqa: ARG003
        """Return a text's input: in one for addresses a browser takes no local part beyond ASCII, and rewrites a domain
        that is."""
        widget = text_input(definition, "email")
        keyboard = {"inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}
        return replace(widget, type="text", attributes={**widget.attributes, **keyboard})

    @classmethod
    def describe(cls, definition: Field, form: Form) -> Schema:
        return text_schema(definition, form, "email")
