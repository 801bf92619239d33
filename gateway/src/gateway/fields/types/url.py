"""Takes a web address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError

from gateway.fields.cleaning import Cleaning, table, with_joiners
from gateway.fields.json_schema import Schema, text_schema
from gateway.fields.types.base import MESSAGES, FieldType
from gateway.fields.widgets import Widget, text_input
from shared.contracts import JsonValue
from shared.forms import Field, Form
from shared.forms.schemas.texts import URL_MOST

_clean = Cleaning(with_joiners(table(spaces="", line_ends="", dashes=None)))  # a path may have dashes of its own


class Url(FieldType):
    """A web address."""

    messages = MESSAGES | {"TYPE_URL": "{label} must be a web address that begins with https:// or http://."}
    autocomplete = "url"

    def read(self, value: Any) -> JsonValue:
        text = self.text_of(_clean(value), "TYPE_URL")
        if len(text) > URL_MOST:
            raise ValidationError("TYPE_URL")
        try:
            parts = urlsplit(text)
        except ValueError as error:
            raise ValidationError("TYPE_URL") from error
        if parts.scheme not in {"http", "https"} or not parts.hostname or " " in text:
            raise ValidationError("TYPE_URL")
        return text

    @classmethod
    def draw(cls, definition: Field, form: Form) -> Widget:  # noqa: ARG003
        return text_input(definition, "url")

    @classmethod
    def describe(cls, definition: Field, form: Form) -> Schema:
        return text_schema(definition, form, "uri")
