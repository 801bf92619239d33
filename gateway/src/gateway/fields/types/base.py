"""Defines what every type of field does: it checks values, draws its input, and describes itself."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, missing

from gateway.fields.email import LINE_BREAK_MESSAGE
from gateway.fields.json_schema import Schema, text_schema
from gateway.fields.values import is_blank, only
from gateway.fields.widgets import Widget, text_input
from shared.contracts import JsonValue
from shared.forms import Field, Form
from shared.forms.lines import is_single_line
from shared.forms.patterns import compiled
from shared.text import as_line, is_line

MESSAGES = {
    "REQUIRED_FIELD_MISSING": "Please fill in {label}.",
    "REQUIRED_FIELD_EMPTY": "Please fill in {label}.",
    "TYPE_TEXT": "{label} must be text.",
    "TOO_LONG": "{label} must have at most {field.max_length} characters.",
    "TOO_SHORT": "{label} must have at least {field.min_length} characters.",
    "PATTERN": "{label} is not written as it has to be. {field.help}",
    "LINE_BREAK": "{label}: " + LINE_BREAK_MESSAGE[0].lower() + LINE_BREAK_MESSAGE[1:],
    "FIELD_UNKNOWN": "This form has no field {label}.",
}
"""What a submitter reads of an error whose code any type may give."""


class FieldType(fields.Field[JsonValue]):
    """One type of field. A type is a subclass in a module of its own; an instance checks one field of a form.

    Missing and empty values are handled here; a subclass's `read` gets something to look at. `ValidationError`s carry
    a code, for which `messages` has the sentence. `autocomplete` stands in the input (HTML's tokens), where a
    field's name does not say better.
    """

    messages: ClassVar[dict[str, str]] = MESSAGES
    autocomplete: ClassVar[str | None] = None

    def __init__(self, definition: Field, form: Form) -> None:
        super().__init__(data_key=definition.name)
        self.definition = definition
        self.single_line = is_single_line(definition, form)
        self.pattern = compiled(definition.pattern) if definition.pattern else None

    @classmethod
    def draw(cls, definition: Field, form: Form) -> Widget:  # noqa: ARG003 - a text's depends on its form
        """Return the element by which a page asks for a field."""
        return text_input(definition)

    @classmethod
    def describe(cls, definition: Field, form: Form) -> Schema:
        """Return the JSON Schema of a field's values."""
        return text_schema(definition, form)

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **_: Any) -> Any:  # noqa: ARG002
        """Return the value as it is stored, or `missing`."""
        if value is missing:
            return self._absent("REQUIRED_FIELD_MISSING")
        if isinstance(value, list):
            value = self.one_of(value)
        if is_blank(value):
            return self._absent("REQUIRED_FIELD_EMPTY")
        return self.read(value)

    def one_of(self, values: list[JsonValue]) -> JsonValue:
        """Return what counts of several values of one name."""
        return only(values)

    def _absent(self, code: str) -> Any:
        if self.definition.required:
            raise ValidationError(code)
        return missing

    def read(self, value: Any) -> JsonValue:
        """Return the value as it is stored; raises `ValidationError` with a code."""
        return self.text_of(value, "TYPE_TEXT")

    def text_of(self, value: object, code: str) -> str:
        """Return a text within the field's lengths, on one line where it must be, that matches the field's pattern."""
        if not isinstance(value, str):
            raise ValidationError(code)
        if self.single_line and not value.isprintable():
            value = as_line(value)
            if not is_line(value):
                raise ValidationError("LINE_BREAK")
        if len(value) > self.definition.max_length and _length_of(value) > self.definition.max_length:
            raise ValidationError("TOO_LONG")
        if self.definition.min_length and _length_of(value) < self.definition.min_length:
            raise ValidationError("TOO_SHORT")
        if self.pattern is not None and not self.pattern.fullmatch(value):
            raise ValidationError("PATTERN")
        return value

    def check_bounds(self, value: Any, below: str, above: str) -> None:
        """Raise `ValidationError` with one of the codes where a value is below `min` or above `max`."""
        least, most = self.definition.min, self.definition.max
        if least is not None and value < least:
            raise ValidationError(below)
        if most is not None and value > most:
            raise ValidationError(above)


def _length_of(text: str) -> int:
    """Return how many characters a text has, as a browser counts them: a line's end is sent as two, and counts one."""
    return len(text) - text.count("\r\n")
