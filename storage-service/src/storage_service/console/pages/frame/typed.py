"""Holds what somebody typed into a form that was not taken, so that nothing of it is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Request

_TEXT_CHARACTERS = 20
_OURS = frozenset({"csrf_token", "next"})
_SECRET = "password"  # noqa: S105 - a part of fields' names


@dataclass(frozen=True, slots=True)
class Typed:
    """A form that was sent: where to, and its fields in order, without tokens and passwords."""

    action: str
    fields: Sequence[tuple[str, str]]
    next: str | None

    @classmethod
    def of(cls, asked: Request) -> Typed:
        """Return what a request brings."""
        given = asked.form.items(multi=True)
        fields = [(name, text) for name, text in given if name not in _OURS and _SECRET not in name]
        query = asked.query_string.decode("latin-1")
        return cls(f"{asked.path}?{query}" if query else asked.path, fields, asked.form.get("next"))

    @property
    def texts(self) -> Sequence[tuple[str, str]]:
        """The fields that hold words: what somebody would miss."""
        return [(name, text) for name, text in self.fields if _is_text(text)]


def _is_text(text: str) -> bool:
    return " " in text or "\n" in text or len(text) > _TEXT_CHARACTERS
