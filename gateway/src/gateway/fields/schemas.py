"""Checks the fields of a submission against its form, by one marshmallow schema per form, built once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

from marshmallow import RAISE, Schema, ValidationError, missing

from gateway.fields.email import clean_email, is_email
from gateway.fields.types import checking_type
from gateway.fields.types.base import FieldType
from gateway.fields.types.file import Given
from gateway.fields.values import is_blank, only
from gateway.http.errors import FieldError, invalid
from shared.contracts import JsonValue
from shared.forms import Field, Form
from shared.forms.definitions import ADDRESS_NAMES
from shared.forms.placeholders import names_in
from shared.text import as_line, is_line

_NO_FILES: Mapping[str, int] = MappingProxyType({})
_LINE_NAMES = frozenset({"name", "subject", *ADDRESS_NAMES})


class FormSchema:
    """Checks the fields of one form's submissions. A form without fields takes any."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._definitions = list((form.fields or {}).values())
        self._known = frozenset(field.name for field in self._definitions)
        self._lines = _line_names(form)
        self._names = {f"f{index}": field.name for index, field in enumerate(self._definitions)}
        self._schema = _schema_of(form, self._definitions) if form.fields is not None else None
        loads = self._schema.load_fields if self._schema else {}
        self._readers = [(self._names[key], cast("FieldType", field).deserialize) for key, field in loads.items()]

    def read(self, fields: Mapping[str, JsonValue], files: Mapping[str, int] = _NO_FILES) -> dict[str, JsonValue]:
        """Return the fields as they are stored; raises `Refused` (422) with everything that is wrong.

        `files` says how many came under each name, none that the form takes no files under (`Form.file_rules`).
        What says nothing at all is refused as empty, or where fields are required, by the names of those.
        """
        if files:
            given = {name: Given(count, fields.get(name)) for name, count in files.items() if name in self._known}
            fields = {**fields, **given}  # type: ignore[dict-item]
        taken = self._read_any(fields) if self._schema is None else self._read_defined(self._schema, fields)
        if not files and all(is_blank(value) for value in taken.values()):
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
        loaded = self._read_quickly(fields)
        if loaded is None:
            try:
                loaded = self._load(schema, fields)
            except ValidationError as error:
                messages = cast("dict[str, Any]", error.messages)
                found = (self._error(name, str(codes[0])) for name, codes in messages.items())
                raise invalid(*found, *wrong) from error
        if wrong:
            raise invalid(*wrong)
        return {**loaded, **kept} if kept else loaded

    def _read_quickly(self, fields: Mapping[str, JsonValue]) -> dict[str, JsonValue] | None:
        """Return what the schema makes of fields that are right, in a quarter of its time; None where any is wrong.

        Each field's own function checks it here as there. What is wrong is for the schema to say, all at once.
        """
        if not self._known.issuperset(fields):
            return None
        try:
            read = [(name, reader(fields.get(name, missing))) for name, reader in self._readers]
        except ValidationError:
            return None
        return {name: value for name, value in read if value is not missing}

    def _load(self, schema: Schema, fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Return what the schema makes of fields; raises `ValidationError` with a code for each that is wrong."""
        loaded = cast("dict[str, JsonValue]", schema.load(fields))
        return {self._names[key]: value for key, value in loaded.items()}

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
        text = checking_type(field).messages[code].format(label=field.label or name[:100], field=field).rstrip()
        return FieldError(code, text if field.label else text[0].upper() + text[1:], name)


def _schema_of(form: Form, definitions: list[Field]) -> Schema:
    values: dict[str, Any] = {f"f{index}": checking_type(field)(field, form) for index, field in enumerate(definitions)}
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
    text = clean_email(value) if is_address else as_line(value)
    if not is_line(text):
        raise ValidationError("LINE_BREAK")
    if is_address and text and not is_email(text, mail_domains):
        raise ValidationError("TYPE_EMAIL")
    return text
