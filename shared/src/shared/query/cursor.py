"""Goes through the text of a query from left to right, and never back."""

from __future__ import annotations

import re

from shared.query.errors import Place, QueryError
from shared.query.tree import NAME, QUOTES, RUN, SIGNS

_SPACES = re.compile(r"\s*")
_KEYWORD = re.compile(r"(AND|OR|NOT)(?=[\s)]|\Z)")
_QUOTED = re.compile(rf"[{QUOTES}]([^{QUOTES}]*)[{QUOTES}]")
_KEY = re.compile(r"(field\.)|([A-Za-z]+):(?!//)", re.IGNORECASE)  # no key: `https://example.org`
_OPERATOR = re.compile("[<>]=?|=|")


class Cursor:
    """A place in a text that only moves on. What it takes it has looked at once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._signs = text.translate(SIGNS)  # as long as the text: a place is a place in both
        self.at = 0

    def here(self, length: int = 0) -> Place:
        """Return the place of the next characters."""
        return Place(self.at, length)

    def next(self) -> str:
        """Return the next character without taking it; nothing at the end."""
        return self._signs[self.at : self.at + 1]

    def skip_spaces(self) -> None:
        """Take spaces of all kinds."""
        self._take(_SPACES)

    def take(self, sign: str) -> bool:
        """Take a character if it is the next."""
        is_next = self.next() == sign
        self.at += is_next
        return is_next

    def keyword(self) -> str | None:
        """Return `AND`, `OR` or `NOT` where one of them comes next, without taking it."""
        found = _KEYWORD.match(self._signs, self.at)
        return found[1] if found else None

    def take_key(self) -> str | None:
        """Take a filter's key and its colon, and return it in small letters, `field.` with its dot; None without."""
        found = self._take(_KEY)
        return (found[1] or found[2]).lower() if found else None

    def take_operator(self) -> str:
        """Take what compares a field; nothing where nothing does."""
        found = self._take(_OPERATOR)
        return found[0] if found else ""

    def take_quoted(self) -> str | None:
        """Take a text in quotes, if that comes next; raises `QueryError` where the quotes do not close."""
        if not self.next() or self.next() not in QUOTES:
            return None
        found = self._take(_QUOTED)
        if found is None:
            raise QueryError('expected a second " that closes this one', self.here(1))
        return self._text[slice(*found.span(1))]

    def take_run(self) -> str:
        """Take the characters up to the next space, quote or parenthesis; nothing where there are none."""
        return self._taken(RUN)

    def take_name(self) -> str:
        """Take a field's name without quotes; nothing where there is none."""
        return self._taken(NAME)

    def _taken(self, pattern: re.Pattern[str]) -> str:
        found = self._take(pattern)
        return self._text[slice(*found.span())] if found else ""

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._signs, self.at)
        if found:
            self.at = found.end()
        return found
