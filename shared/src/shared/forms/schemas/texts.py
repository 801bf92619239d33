"""Checks the texts of the file: their length, and that they have no invisible characters."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields, validate

TEXT_MOST = 20_000

URL_MOST = 2000
"""Characters of a URL, as long as the browsers' own limits. Nothing looks into what is longer."""

_LINE_END = re.compile(r"[\r\n]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class Text(fields.String):
    """A text of `most` characters; with `lines` it may have line ends and tabs, other control characters never.

    Both are checked before any validator, because a validator may take long over a long text.
    """

    default_error_messages = {"invalid": "expected a text in quotes"}  # noqa: RUF012 - as marshmallow has it

    def __init__(self, *, most: int = TEXT_MOST, lines: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._most = most
        self._lines = lines

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text: str = super()._deserialize(value, attr, data, **options)
        if len(text) > self._most:
            raise ValidationError(f"expected {self._most} characters at most, not {len(text)}")
        if not self._lines and _LINE_END.search(text):
            raise ValidationError("one line only")
        if found := (_CONTROL_IN_LINES if self._lines else _CONTROL).search(text):
            raise ValidationError(f"a control character (U+{ord(found[0]):04X}) cannot stand here: leave it out")
        return text


class WebAddress(Text):
    """A complete web address, as browsers accept it."""

    def __init__(self, **options: Any) -> None:
        error = "expected a whole web address, one that begins with https:// or http://"
        is_url = validate.URL(schemes={"http", "https"}, require_tld=False, error=error)
        super().__init__(most=URL_MOST, validate=is_url, **options)
