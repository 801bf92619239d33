"""What a form takes: one marshmallow schema per form, built once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from marshmallow import RAISE, Schema, ValidationError

from gateway.errors import FieldError, Refused, invalid
from gateway.text import LINE_BREAK_MESSAGE, has_line_break, is_email
from gateway.values import TYPES, Email, Value, is_blank
from shared.contracts import JsonValue
from shared.forms import Field, Form

TEXTAREA_FROM = 300
"""A text field that may be longer than this is a text area, and may have several lines."""

ADDRESS_NAMES = ("email", "Email")
"""The fields a confirmation goes to: whatever their type, what stands in them is an address."""

_LINE_NAMES = frozenset({"name", "subject", *ADDRESS_NAMES})

_MESSAGES = {
    "REQUIRED_FIELD_MISSING": "Please fill in {label}.",
    "REQUIRED_FIELD_EMPTY": "Please fill in {label}.",
    "TYPE_EMAIL": "{label} must be an email address, such as ada@example.org.",
    "TYPE_NUMERIC": "{label} must be a number.",
    "TYPE_TEXT": "{label} must be text.",
    "TYPE_BOOLEAN": "{label} must be true or false.",
    "TYPE_DATE": "{label} must be a date, such as 2026-11-22.",
    "TYPE_URL": "{label} must be a web address that begins with https:// or http://.",
    "TYPE_TEL": "{label} must be a telephone number.",
    "TYPE_CHOICE": "{label} must be one of the choices.",
    "TYPE_LIST": "{label} must be a list of texts.",
    "TOO_LONG": "{label} must have at most {max_length} characters.",
    "LINE_BREAK": "{label}: " + LINE_BREAK_MESSAGE[0].lower() + LINE_BREAK_MESSAGE[1:],
    "FIELD_UNKNOWN": "This form has no field {label}.",
}


def is_single_line(field: Field, form: Form) -> bool:
    """Return whether a field takes one line only: all but long texts, and those that stand in the mail's subject."""
    in_subject = "{" + field.name + "}" in form.confirmation.subject
    return field.type != "text" or field.max_length <= TEXTAREA_FROM or in_subject


class FormSchema:
    """Checks the fields of one form's submissions. A form without fields takes any."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._definitions = list((form.fields or {}).values())
        self._names = {f"f{index}": field.name for index, field in enumerate(self._definitions)}
        self._schema = _schema_of(form, self._definitions) if form.fields is not None else None

    def read(self, fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Return the fields as they are stored; raises `Refused` (422) with everything that is wrong.

        What says nothing at all is refused as empty, or where fields are required, by the names of those.
        """
        taken = self._read_any(fields) if self._schema is None else self._read_defined(self._schema, fields)
        if all(is_blank(value) for value in taken.values()):
            raise invalid(FieldError("EMPTY", "The submission is empty."))
        return taken

    def _read_defined(self, schema: Schema, fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        try:
            loaded = cast("dict[str, JsonValue]", schema.load(fields))
        except ValidationError as error:
            raise self._refusal_of(cast("dict[str, Any]", error.messages)) from error
        return {self._names[name]: value for name, value in loaded.items()}

    def _read_any(self, fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        wrong = [
            self._error(name, code)
            for name in fields.keys() & _line_names(self._form)
            if (code := _wrong_with_line(name, fields[name]))
        ]
        if wrong:
            raise invalid(*wrong)
        return dict(fields)

    def _refusal_of(self, messages: Mapping[str, Any]) -> Refused:
        return invalid(*(self._error(name, str(codes[0])) for name, codes in messages.items()))

    def _error(self, name: str, code: str) -> FieldError:
        field = (self._form.fields or {}).get(name) or Field(name=name, type="text")
        text = _MESSAGES[code].format(label=field.label or name[:100], max_length=field.max_length)
        return FieldError(code, text, name)


def _schema_of(form: Form, definitions: list[Field]) -> Schema:
    values: dict[str, Any] = {}
    for index, field in enumerate(definitions):
        kind: type[Value] = Email if field.name in ADDRESS_NAMES and field.type == "text" else TYPES[field.type]
        values[f"f{index}"] = kind(field, single_line=is_single_line(field, form))
    schema = Schema.from_dict(values, name=f"Form_{form.name}")(unknown=RAISE)
    schema.error_messages = {**schema.error_messages, "unknown": "FIELD_UNKNOWN"}
    return schema


def _line_names(form: Form) -> frozenset[str]:
    named = {part.split("}")[0] for part in form.confirmation.subject.split("{")[1:]}
    return _LINE_NAMES | named


def _wrong_with_line(name: str, value: JsonValue) -> str | None:
    if not isinstance(value, str) or not value:
        return "TYPE_EMAIL" if name in ADDRESS_NAMES and value else None
    if has_line_break(value):
        return "LINE_BREAK"
    return "TYPE_EMAIL" if name in ADDRESS_NAMES and not is_email(value) else None
