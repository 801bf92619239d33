"""Shortens what a room is told to what its service takes, and never inside a character that people see as one."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from notify_service.channels.fields_shown import FieldShown, mark_behind

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"

Cost: TypeAlias = Callable[[str], int]
"""What one character costs of a limit, escaped as it is for the service."""

LINE_END = "\n"

PLAIN_EACH = 5
"""What a field costs in `plain` besides its label and its value."""

_INDENT = "  "
_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_STEPS_BACK = 32
_WORTH = 40
"""What a part of a value has to cost so that it is worth showing."""


def utf16(character: str) -> int:
    """Return the code units of a character in UTF-16, by which most services count."""
    return 2 if ord(character) > 0xFFFF else 1


def cost_of(text: str, cost: Cost) -> int:
    """Return what a text costs."""
    return sum(map(cost, text))


@dataclass(frozen=True, slots=True)
class Limits:
    """What a service takes of the fields: altogether, of a label, of a value, and of how many; `each` is what a field
    costs besides its label and its value."""

    total: int
    label: int
    value: int
    fields: int
    each: int
    cost: Cost = utf16


class Fitted(NamedTuple):
    """The fields that fit, as label and value, and whether that is all of it."""

    fields: list[tuple[str, str]]
    is_whole: bool


def fitted(fields: Sequence[FieldShown], limits: Limits) -> Fitted:
    """Return as much of the fields as fits, in their order."""
    shown, left, is_whole = list[tuple[str, str]](), limits.total, len(fields) <= limits.fields
    for label, lines, *_ in fields[: limits.fields]:
        name, whole = cut(label, limits.label, limits.cost), "\n".join(lines)
        left -= cost_of(name, limits.cost) + limits.each
        value = cut(whole, min(limits.value, left), limits.cost)
        if left <= 0 or (value != whole and left < _WORTH):
            return Fitted(shown, is_whole=False)
        is_whole = is_whole and (name, value) == (label, whole)
        shown.append((name, value))
        left -= cost_of(value, limits.cost)
    return Fitted(shown, is_whole)


def cut(text: str, most: int, cost: Cost) -> str:
    """Return a text that costs so much at most: what is shortened ends with an ellipsis. The work is bounded by `most`,
    not by the text."""
    spent, kept, least = 0, 0, most - cost(ELLIPSIS)
    for at, character in enumerate(text):
        spent += cost(character)
        if spent <= least:
            kept = at + 1
        if spent > most:
            return text[: _boundary(text, kept)].rstrip() + ELLIPSIS if least >= 0 else ""
    return text


def plain(fields: Iterable[tuple[str, str]]) -> str:
    """Return fields as plain text: `Label: value`. A value of several lines stands below its label, indented, so that
    none of its lines looks like another field."""
    below = ((label, _below(value) if LINE_END in value else f" {value}") for label, value in fields)
    return "\n".join(f"{label}{mark_behind(label)}{value}" for label, value in below)


def in_plain(cost: Cost) -> Cost:
    """Return what a character costs in `plain`, where each line of a value is indented."""
    indent = cost_of(_INDENT, cost)
    return lambda character: cost(character) + indent if character == LINE_END else cost(character)


def _below(value: str) -> str:
    return "".join(f"{LINE_END}{_INDENT}{line}" for line in value.split(LINE_END))


def _boundary(text: str, at: int) -> int:
    """Return where to cut at `at` or a little before it, so that no accent, skin tone or joined figure is cut off."""
    for back in range(min(at, _STEPS_BACK)):
        if not _continues(text[at - back]) and text[at - back - 1] != _JOINER:
            return at - back
    return at


def _continues(character: str) -> bool:
    is_tone = ord(character) in _SKIN_TONES
    return is_tone or character == _JOINER or unicodedata.category(character) in {"Mn", "Me", "Mc"}
