"""Makes of what a stranger typed what an owner can read and copy. Templates escape it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from shared.contracts import JsonValue
from shared.forms import Form
from shared.forms.labels import labels_of
from shared.text import as_shown, one_line
from storage_service.sealed import Opened

Kind: TypeAlias = Literal["empty", "text", "list", "nested", "sealed"]

FIELDS_MOST = 1000
TEXT_MOST = 200_000
"""Fields, and characters of one, that a page shows; the API and an export have the rest."""

_LONG_CHARACTERS, _LONG_LINES = 1500, 30
_PREVIEW_CHARACTERS = 600
_ITEMS_MOST = 50
_LABEL_MOST = 300


@dataclass(frozen=True, slots=True)
class FieldShown:
    """A field of a submission. `entries` are the entries of a list; everything else is `text`. Of a sealed one the text
    says why it stays so, and is empty where nobody asked.

    What controls a terminal is replaced, so that a copy of it is harmless where it is pasted. `preview` is how a long
    text begins, None of a short one. `left_out` counts characters that are not shown at all.
    """

    label: str
    kind: Kind
    text: str = ""
    entries: tuple[str, ...] = ()
    preview: str | None = None
    left_out: int = 0

    @property
    def characters(self) -> int:
        """How many characters the text has."""
        return len(self.text) + self.left_out


def fields_shown(fields: Mapping[str, JsonValue], form: Form | None) -> list[FieldShown]:
    """Return the fields in their order, the first `FIELDS_MOST`, with what their form calls them by now."""
    labels = labels_of(form, fields)
    return [_shown(_label(labels[name]), value) for name, value in list(fields.items())[:FIELDS_MOST]]


def sealed_shown(names: Iterable[str], form: Form | None, opened: Opened | None = None) -> list[FieldShown]:
    """Return sealed fields: with their values where these were opened, else as what they are."""
    found, some = opened or Opened({}, {}), list(names)[:FIELDS_MOST]
    return [
        _shown(_label(label), found.fields[name])
        if name in found.fields
        else FieldShown(_label(label), "sealed", found.locked[name].words if name in found.locked else "")
        for name, label in labels_of(form, some).items()
    ]


def text_of(value: JsonValue) -> str:
    """Return a value as a text for people: `yes` for true, nothing for null, a line for each entry of a list."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, str):
        return as_shown(value or "")
    if isinstance(value, list) and all(map(_is_plain, value)):
        return "\n".join(map(text_of, value))
    if isinstance(value, int | float):
        return repr(value)
    return as_shown(json.dumps(value, ensure_ascii=False, indent=2))


def is_visible(text: str) -> bool:
    """Return whether a text has anything that can be seen."""
    return any(unicodedata.category(character)[0] not in "ZC" for character in text)


def _shown(label: str, value: JsonValue) -> FieldShown:
    text = text_of(value)
    if not is_visible(text):
        return FieldShown(label, "empty")
    is_list = isinstance(value, list) and all(map(_is_plain, value))
    if is_list and len(text) <= _LONG_CHARACTERS and text.count("\n") < _ITEMS_MOST:
        return FieldShown(label, "list", text, tuple(map(text_of, value)))  # type: ignore[arg-type]  # it is a list
    kind: Kind = "text" if is_list or _is_plain(value) else "nested"
    kept = text[:TEXT_MOST]
    is_long = len(kept) > _LONG_CHARACTERS or kept.count("\n") > _LONG_LINES
    preview = "\n".join(kept[:_PREVIEW_CHARACTERS].split("\n")[:_LONG_LINES]) if is_long else None
    return FieldShown(label, kind, kept, (), preview, len(text) - len(kept))


def _is_plain(value: JsonValue) -> bool:
    return not isinstance(value, dict | list)


def _label(text: str) -> str:
    line = one_line(text[:_LABEL_MOST])
    return line if is_visible(line) else "?"
