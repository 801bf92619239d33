"""Compares what was sent with the choices of a field."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import normalize

from marshmallow import ValidationError

from gateway.fields.cleaning import INVISIBLE

CHOICE_MESSAGE = "{label} must be one of the choices."
"""For the code `TYPE_CHOICE`."""

_UNSEEN = dict.fromkeys(INVISIBLE)


class Choices:
    """The choices of a field, found whatever the normal form they come in."""

    def __init__(self, choices: Sequence[str]) -> None:
        self._own = frozenset(choices)
        self._longest = 4 * max(map(len, choices))
        self._by_key: dict[str, str] = {}
        for choice in choices:
            self._by_key.setdefault(_compared(choice), choice)

    def match(self, text: str) -> str:
        """Return the choice that a text stands for; raises `ValidationError`."""
        if text in self._own:
            return text
        found = self._by_key.get(_compared(text)) if len(text) <= self._longest else None
        if found is None:
            raise ValidationError("TYPE_CHOICE")
        return found


def _compared(text: str) -> str:
    return " ".join(normalize("NFKC", text.translate(_UNSEEN)).split())
