"""Tells whoever is signed in what was done, on the next page that they see, and lets them undo it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import session

_KEPT_AT = "notices"
_NOTICES_MOST = 3
_CHARACTERS_MOST = 300
_UNDO_CHARACTERS_MOST = 1000
"""It is kept in a cookie: what is larger than this is told without its `next`, and else without its button."""


@dataclass(frozen=True, slots=True)
class Undo:
    """A post that takes back what was done: an address below `/console`, and what is sent to it."""

    action: str
    fields: Mapping[str, str] = field(default_factory=dict)
    label: str = "Undo"


@dataclass(frozen=True, slots=True)
class Notice:
    """What was done, and how to undo it, where that is possible. `kind` is `done` or `wrong`."""

    text: str
    undo: Undo | None = None
    kind: str = "done"


def tell(text: str, undo: Undo | None = None, *, kind: str = "done") -> None:
    """Tell something on the next page. No field's value belongs in it: it is kept in the reader's cookie."""
    kept = _kept(undo) if undo else None
    told = [*session.get(_KEPT_AT, []), [text[:_CHARACTERS_MOST], kept, kind]]
    session[_KEPT_AT] = told[-_NOTICES_MOST:]


def taken() -> list[Notice]:
    """Return what is to be told now; it is told once."""
    told: list[tuple[str, list[Any] | None, str]] = session.pop(_KEPT_AT, []) if _KEPT_AT in session else []
    return [Notice(text, Undo(*undo) if undo else None, kind) for text, undo, kind in told]


def _kept(undo: Undo) -> list[Any] | None:
    without = {name: value for name, value in undo.fields.items() if name != "next"}
    for fields in (dict(undo.fields), without):
        if len(undo.action) + sum(len(name) + len(value) for name, value in fields.items()) <= _UNDO_CHARACTERS_MOST:
            return [undo.action, fields, undo.label]
    return None
