"""The types a form's fields may have, as marshmallow fields whose errors are the codes of the contract."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, missing

from gateway.origins import URL_MOST
from gateway.text import has_line_break, is_email
from shared.contracts import JsonValue
from shared.forms import Field
from shared.forms.patterns import compiled

TRUE = frozenset({"true", "on", "yes", "1"})
FALSE = frozenset({"false", "off", "no", "0"})

_TEL = re.compile(r"\+?[0-9 ()./-]{3,40}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?")


def is_blank(value: JsonValue) -> bool:
    """Return whether nothing was said: no value, an empty text, or only such ones in a list or an object."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, dict):
        return all(is_blank(inner) for inner in value.values())
    if isinstance(value, list):
        return all(is_blank(inner) for inner in value)
    return value is None


class Value(fields.Field[JsonValue]):
    """One value. Missing and empty are handled here; a subclass's `read` gets something to look at.

    `ValidationError`s carry a code, not a sentence.
    """

    def __init__(self, definition: Field, *, single_line: bool) -> None:
        super().__init__(data_key=definition.name)
        self.definition = definition
        self.single_line = single_line
        self.pattern = compiled(definition.pattern) if definition.pattern else None

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **_: Any) -> Any:  # noqa: ARG002
        """Return the value as it is stored, or `missing`."""
        if value is missing:
            return self._absent("REQUIRED_FIELD_MISSING")
        if is_blank(value):
            return self._absent("REQUIRED_FIELD_EMPTY")
        return self.read(value)

    def _absent(self, code: str) -> Any:
        if self.definition.required:
            raise ValidationError(code)
        return missing

    def read(self, value: Any) -> JsonValue:
        """Return the value as it is stored; raises `ValidationError` with a code."""
        return self.text_of(value, "TYPE_TEXT")

    def text_of(self, value: Any, code: str) -> str:
        """Return a text within the field's lengths, on one line where it must be, that matches the field's pattern."""
        if not isinstance(value, str):
            raise ValidationError(code)
        if len(value) > self.definition.max_length and _length_of(value) > self.definition.max_length:
            raise ValidationError("TOO_LONG")
        if self.definition.min_length and _length_of(value) < self.definition.min_length:
            raise ValidationError("TOO_SHORT")
        if self.single_line and has_line_break(value):
            raise ValidationError("LINE_BREAK")
        if self.pattern is not None and not self.pattern.fullmatch(value):
            raise ValidationError("PATTERN")
        return value

    def trimmed(self, value: Any, code: str) -> str:
        """Return what `text_of` does, of a text without the blanks around it."""
        return self.text_of(value.strip(" \t") if isinstance(value, str) else value, code)

    def within(self, value: Any, below: str, above: str) -> None:
        """Raise `ValidationError` with one of the codes where a value is below `min` or above `max`."""
        least, most = self.definition.min, self.definition.max
        if least is not None and value < least:
            raise ValidationError(below)
        if most is not None and value > most:
            raise ValidationError(above)


def _length_of(text: str) -> int:
    """Return how many characters a text has, as a browser counts them: a line's end is sent as two, and counts one."""
    return len(text) - text.count("\r\n")


class Email(Value):
    """One address, by its syntax."""

    def read(self, value: Any) -> JsonValue:
        text = self.trimmed(value, "TYPE_EMAIL")
        if not is_email(text):
            raise ValidationError("TYPE_EMAIL")
        return text


class Number(Value):
    """A number, or its decimal notation; a whole one stays whole."""

    def read(self, value: Any) -> JsonValue:
        if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
            whole = _INTEGER.fullmatch(value.strip())
            value = int(value) if whole else float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError("TYPE_NUMERIC")
        if not (-(2**63) <= value < 2**63 if isinstance(value, int) else math.isfinite(value)):
            raise ValidationError("TYPE_NUMERIC")
        self.within(value, "BELOW_MIN", "ABOVE_MAX")
        return value


class Integer(Number):
    """A whole number."""

    def read(self, value: Any) -> JsonValue:
        number = super().read(value)
        if isinstance(number, int):
            return number
        raise ValidationError("TYPE_NUMERIC")


class Boolean(Value):
    """True or false; a ticked checkbox says `on`."""

    def read(self, value: Any) -> JsonValue:
        if isinstance(value, bool):
            return value
        word = value.strip().lower() if isinstance(value, str) else None
        if word not in TRUE | FALSE:
            raise ValidationError("TYPE_BOOLEAN")
        return word in TRUE


class Date(Value):
    """A calendar date, as `2026-11-22`."""

    def read(self, value: Any) -> JsonValue:
        text = self.trimmed(value, "TYPE_DATE")
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise ValidationError("TYPE_DATE") from error
        self.within(day, "BELOW_MIN", "ABOVE_MAX")
        return day.isoformat()


class Url(Value):
    """A web address."""

    def read(self, value: Any) -> JsonValue:
        text = self.trimmed(value, "TYPE_URL")
        if len(text) > URL_MOST:
            raise ValidationError("TYPE_URL")
        try:
            parts = urlsplit(text)
        except ValueError as error:
            raise ValidationError("TYPE_URL") from error
        if parts.scheme not in {"http", "https"} or not parts.hostname or " " in text:
            raise ValidationError("TYPE_URL")
        return text


class Tel(Value):
    """A telephone number, as people write it."""

    def read(self, value: Any) -> JsonValue:
        text = self.trimmed(value, "TYPE_TEL")
        if not _TEL.fullmatch(text):
            raise ValidationError("TYPE_TEL")
        return text


class Choice(Value):
    """One of the form's choices."""

    def read(self, value: Any) -> JsonValue:
        text = self.text_of(value, "TYPE_CHOICE")
        if text not in self.definition.choices:
            raise ValidationError("TYPE_CHOICE")
        return text


class Listing(Value):
    """Several texts; one alone is a list of one, and blank ones are left out."""

    def read(self, value: Any) -> JsonValue:
        texts = [text for text in value if not is_blank(text)] if isinstance(value, list) else [value]
        self.within(len(texts), "TOO_FEW", "TOO_MANY")
        allowed = self.definition.choices
        for text in texts:
            self.text_of(text, "TYPE_LIST")
            if allowed and text not in allowed:
                raise ValidationError("TYPE_CHOICE")
        return list(texts)


TYPES: dict[str, type[Value]] = {
    "text": Value,
    "email": Email,
    "number": Number,
    "integer": Integer,
    "boolean": Boolean,
    "date": Date,
    "url": Url,
    "tel": Tel,
    "choice": Choice,
    "list": Listing,
}
