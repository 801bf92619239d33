"""Describes texts as JSON Schema, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from shared.forms import Field, Form
from shared.forms.definitions import ADDRESS_NAMES
from shared.forms.lines import is_single_line

Schema = dict[str, Any]

LINE = r"^[^\u0000-\u0008\u000a-\u001f\u007f\u0085\u2028\u2029]*$"
_LINES = r"^[^\u0000]*$"


def text_schema(field: Field, form: Form, text_format: str | None = None) -> Schema:
    """Return the schema of a text within a field's limits, of a format that JSON Schema knows."""
    text: Schema = {"type": "string", "minLength": field.min_length, "maxLength": field.max_length}
    if text_format or field.name in ADDRESS_NAMES:
        text["format"] = "email" if field.name in ADDRESS_NAMES else text_format
    elif field.pattern is None:
        text["pattern"] = LINE if is_single_line(field, form) else _LINES
    if field.pattern is not None:
        text["pattern"] = f"^(?:{field.pattern})$"
    return text


def with_bounds(schema: Schema, least: str, most: str, field: Field) -> Schema:
    """Return a schema with a field's `min` and `max`, as far as it has them, under the names of the keywords."""
    bounds = {least: field.min, most: field.max}
    return {**schema, **{keyword: bound for keyword, bound in bounds.items() if bound is not None}}
