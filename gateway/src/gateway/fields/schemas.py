"""What a form takes: one marshmallow schema per form, built once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from marshmallow import RAISE, Schema, ValidationError

from gateway.fields.cleaning import cleaned
from gateway.fields.email import LINE_BREAK_MESSAGE, is_email
from gateway.fields.types import TYPES, Email, Value, is_blank, only
from gateway.http.errors import FieldError, invalid
from shared.contracts import JsonValue
from shared.forms import Field, Form
from shared.forms.definitions import ADDRESS_NAMES
from shared.forms.lines import is_single_line
from shared.forms.placeholders import names_in
from shared.text import as_line, is_line

_LINE_NAMES = frozenset({"name", "subject", *ADDRESS_NAMES})

_MESSAGES = {  # by code, or by code and type where that has words of its own
    "REQUIRED_FIELD_MISSING": "Please fill in {label}.",
    "REQUIRED_FIELD_EMPTY": "Please fill in {label}.",
    "REQUIRED_FIELD_MISSING boolean": "Please tick {label}.",
    "REQUIRED_FIELD_MISSING choice": "Please choose {label}.",
    "REQUIRED_FIELD_EMPTY choice": "Please choose {label}.",
    "TYPE_EMAIL": "{label} must be an email address, such as ada@example.org.",
    "TYPE_NUMERIC": "{label} must be a number.",
    "TYPE_TEXT": "{label} must be text.",
    "TYPE_BOOLEAN": "{label} must be true or false.",
    "TYPE_DATE": "{label} must be a date, such as 2026-11-22.",
    "TYPE_URL": "{label} must be a web address that begins with https:// or http://.",
    "TYPE_TEL": "{label} must be a telephone number.",
    "TYPE_CHOICE": "{label} must be one of the choices.",
    "TYPE_LIST": "{label} must be a list of texts.",
    "TOO_LONG": "{label} must have at most {field.max_length} characters.",
    "TOO_SHORT": "{label} must have at least {field.min_length} characters.",
    "PATTERN": "{label} is not written as it has to be. {field.help}",
    "BELOW_MIN": "{label} must be {field.min} or more.",
    "ABOVE_MAX": "{label} must be {field.max} or less.",
    "BELOW_MIN date": "{label} must be {field.min} or later.",
    "ABOVE_MAX date": "{label} must be {field.max} or earlier.",
    "TOO_FEW": "{label} must have at least {field.min} entries.",
    "TOO_MANY": "{label} must have at most {field.max} entries.",
    "LINE_BREAK": "{label}: " + LINE_BREAK_MESSAGE[0].lower() + LINE_BREAK_MESSAGE[1:],
    "FIELD_UNKNOWN": "This form has no field {label}.",
}


class FormSchema:
    """Checks the fields of one form's submissions. A form without fields takes any."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._definitions = list((form.fields or {}).values())
        self._known = frozenset(field.name for field in self._definitions)
        self._lines = _line_names(form)
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
        kept: Mapping[str, JsonValue] = {}
        if self._form.unknown != "refuse":
            known = {name: value for name, value in fields.items() if name in self._known}
            if self._form.unknown == "keep":
                kept = {name: value for name, value in fields.items() if name not in self._known}
            fields = known
        kept, wrong = self._lines_of(kept)
        try:
            loaded = cast("dict[str, JsonValue]", schema.load(fields))
        except ValidationError as error:
            messages = cast("dict[str, Any]", error.messages)
            raise invalid(*(self._error(name, str(codes[0])) for name, codes in messages.items()), *wrong) from error
        if wrong:
            raise invalid(*wrong)
        return {**{self._names[name]: value for name, value in loaded.items()}, **kept}

    def _read_any(self, fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        taken, wrong = self._lines_of(fields)
        if wrong:
            raise invalid(*wrong)
        return taken

    def _lines_of(self, fields: Mapping[str, JsonValue]) -> tuple[dict[str, JsonValue], list[FieldError]]:
        """Return fields that are not defined as they are taken, and what is wrong with those that stand in the
        confirmation's header all the same."""
        taken, wrong = dict(fields), []
        for name in [name for name in fields if name in self._lines]:
            try:
                taken[name] = _read_line(name, fields[name], self._form.mail_domains)
            except ValidationError as error:
                wrong.append(self._error(name, str(error.messages[0])))
        return taken, wrong

    def _error(self, name: str, code: str) -> FieldError:
        field = (self._form.fields or {}).get(name) or Field(name=name, type="text")
        template = _MESSAGES.get(f"{code} {field.type}") or _MESSAGES[code]
        text = template.format(label=field.label or name[:100], field=field).rstrip()
        return FieldError(code, text if field.label else text[0].upper() + text[1:], name)


def _schema_of(form: Form, definitions: list[Field]) -> Schema:
    values: dict[str, Any] = {}
    for index, field in enumerate(definitions):
        kind: type[Value] = Email if field.name in ADDRESS_NAMES and field.type == "text" else TYPES[field.type]
        values[f"f{index}"] = kind(field, single_line=is_single_line(field, form))
        if issubclass(kind, Email):
            values[f"f{index}"].mail_domains = form.mail_domains
    schema = Schema.from_dict(values, name=f"Form_{form.name}")(unknown=RAISE)
    schema.error_messages = {**schema.error_messages, "unknown": "FIELD_UNKNOWN"}
    return schema


def _line_names(form: Form) -> frozenset[str]:
    return _LINE_NAMES.union(names_in(form.confirmation.subject))


def _read_line(name: str, value: JsonValue, mail_domains: Sequence[str]) -> JsonValue:
    """Return what stands in a header as it is taken; raises `ValidationError` with a code."""
    is_address = name in ADDRESS_NAMES
    if isinstance(value, list):
        one = only(value)
        value = one if is_address or isinstance(one, str) else value
    if not isinstance(value, str):
        if is_address and value:
            raise ValidationError("TYPE_EMAIL")
        return value
    text = cleaned("email", value) if is_address else as_line(value)
    if not is_line(text):
        raise ValidationError("LINE_BREAK")
    if is_address and text and not is_email(text, mail_domains):
        raise ValidationError("TYPE_EMAIL")
    return text
