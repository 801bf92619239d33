"""Takes files. What they are, and how many, is checked while they are read; here, whether there has to be one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, missing

from gateway.fields.json_schema import Schema
from gateway.fields.types.base import MESSAGES, FieldType
from gateway.fields.values import is_blank
from gateway.fields.widgets import Widget, file_input
from shared.contracts import JsonValue
from shared.forms import Field, FileRules, Files, Form


@dataclass(frozen=True, slots=True)
class Given:
    """What came under a field's name: so many files, and perhaps a value that is none."""

    files: int
    value: JsonValue = None


class File(FieldType):
    """One file or several. They stand beside the fields, so that nothing of them is in what `read` returns."""

    messages = MESSAGES | {
        "REQUIRED_FIELD_MISSING": "Please choose a file for {label}.",
        "REQUIRED_FIELD_EMPTY": "Please choose a file for {label}.",
        "TYPE_FILE": "{label} must be a file, not text.",
    }

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **_: Any) -> Any:  # noqa: ARG002
        """Return `missing`: what came is right. Raises `ValidationError` with a code where it is not."""
        given = value if isinstance(value, Given) else Given(0, None if value is missing else value)
        if not is_blank(given.value):
            raise ValidationError("TYPE_FILE")
        return missing if given.files else self._absent("REQUIRED_FIELD_MISSING")

    @classmethod
    def draw(cls, definition: Field, form: Form) -> Widget:
        return file_input(rules_of(definition), form.files or Files())

    @classmethod
    def describe(cls, definition: Field, form: Form) -> Schema:  # noqa: ARG003
        rules = rules_of(definition)
        one: Schema = {"type": "string", "format": "binary", "maxLength": rules.max_size}
        return one if rules.max_count == 1 else {"type": "array", "items": one, "maxItems": rules.max_count}


def rules_of(definition: Field) -> FileRules:
    """Return what files a field takes: a form's file says so of each of this type."""
    return definition.file or FileRules()
