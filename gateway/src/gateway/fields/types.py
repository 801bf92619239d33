"""The types a form's fields may have, as marshmallow fields whose errors are the codes of the contract."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, missing

from gateway.fields.choices import Choices
from gateway.fields.cleaning import BLANK, Kind, cleaned
from gateway.fields.email import is_email
from shared.addresses import URL_MOST
from shared.contracts import JsonValue
from shared.forms import Field
from shared.forms.patterns import compiled
from shared.text import as_line, is_line

TRUE = frozenset({"true", "on", "yes", "1"})
FALSE = frozenset({"false", "off", "no", "0"})

_TEL = re.compile(r"\(?\+?[0-9 ()./-]{3,40}(?:,? ?(?:;ext=|ext\.?|extension|x|#) ?[0-9]{1,10})?", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?")


def is_blank(value: JsonValue) -> bool:
    """Return whether nothing was said: no value, a text with nothing to see, or only such ones in a list or table."""
    if isinstance(value, str):
        return not value.strip(BLANK)
    if isinstance(value, dict):
        return all(is_blank(inner) for inner in value.values())
    if isinstance(value, list):
        return all(is_blank(inner) for inner in value)
    return value is None


def only(values: list[JsonValue]) -> JsonValue:
    """Return the one value of a name that stands several times: the only one that is not blank; else all of them."""
    filled = [value for value in values if not is_blank(value)]
    if not filled:
        return None
    return filled[0] if all(value == filled[0] for value in filled) else values


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

    def cleaned(self, kind: Kind, value: Any, code: str) -> str:
        """Return what `text_of` does, of a text without what nobody sees."""
        return self.text_of(cleaned(kind, value) if isinstance(value, str) else value, code)

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


def _bare(value: JsonValue) -> JsonValue:
    return value.strip(BLANK) if isinstance(value, str) else value


class Email(Value):
    """One address, by its syntax; of domains that are not public, those that the form names."""

    mail_domains: Sequence[str] = ()

    def read(self, value: Any) -> JsonValue:
        text = self.cleaned("email", value, "TYPE_EMAIL")
        if not is_email(text, self.mail_domains):
            raise ValidationError("TYPE_EMAIL")
        return text


class Number(Value):
    """A number, or its decimal notation; a whole one stays whole."""

    def read(self, value: Any) -> JsonValue:
        if isinstance(value, str) and _NUMBER.fullmatch(text := cleaned("number", value)):
            value = int(text) if _INTEGER.fullmatch(text) else float(text)
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
    """True or false; a ticked checkbox says `on`.

    Where it stands several times the last counts: frameworks put a hidden `0` before the checkbox. ASP.NET puts its
    hidden `false` behind the `true` of a ticked one.
    """

    def one_of(self, values: list[JsonValue]) -> JsonValue:
        """Return what counts of several values of one name."""
        return values[0] if values == ["true", "false"] else values[-1] if values else None

    def read(self, value: Any) -> JsonValue:
        if isinstance(value, bool):
            return value
        word = value.strip(BLANK).lower() if isinstance(value, str) else None
        if word not in TRUE | FALSE:
            raise ValidationError("TYPE_BOOLEAN")
        return word in TRUE


class Date(Value):
    """A calendar date, as `2026-11-22`."""

    def read(self, value: Any) -> JsonValue:
        text = self.cleaned("date", value, "TYPE_DATE")
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise ValidationError("TYPE_DATE") from error
        self.within(day, "BELOW_MIN", "ABOVE_MAX")
        return day.isoformat()


class Url(Value):
    """A web address."""

    def read(self, value: Any) -> JsonValue:
        text = self.cleaned("url", value, "TYPE_URL")
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
        text = self.cleaned("tel", value, "TYPE_TEL")
        if not _TEL.fullmatch(text):
            raise ValidationError("TYPE_TEL")
        return text


class Choice(Value):
    """One of the form's choices, as the form writes it."""

    def __init__(self, definition: Field, *, single_line: bool) -> None:
        super().__init__(definition, single_line=single_line)
        self._choices = Choices(definition.choices)

    def read(self, value: Any) -> JsonValue:
        return self._choices.match(self.text_of(_bare(value), "TYPE_CHOICE"))


class Listing(Value):
    """Several texts; one alone is a list of one, and blank ones are left out."""

    def __init__(self, definition: Field, *, single_line: bool) -> None:
        super().__init__(definition, single_line=single_line)
        self._choices = Choices(definition.choices) if definition.choices else None

    def one_of(self, values: list[JsonValue]) -> JsonValue:
        """Return all of them."""
        return values

    def read(self, value: Any) -> JsonValue:
        texts = [text for text in value if not is_blank(text)] if isinstance(value, list) else [value]
        self.within(len(texts), "TOO_FEW", "TOO_MANY")
        if self._choices is None:
            return [self.text_of(text, "TYPE_LIST") for text in texts]
        return [self._choices.match(self.text_of(_bare(text), "TYPE_LIST")) for text in texts]


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
