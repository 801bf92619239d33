"""Fits the fields of a submission into a mail: a long one leaves room for all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from notify_service.channels.fields_shown import FieldShown, mark_behind
from notify_service.channels.mail.weighing import weight_of

_FIELD_BYTES = 400
"""What a field brings with it in both bodies, beside its label and its value."""

_CHARACTER_BYTES, _LINE_BYTES = 24, 200
"""What one character, and what one line besides, weigh at most in both bodies."""

_BESIDE_MOST = 60
"""Characters of a value that stand beside its label in a text."""

_PIECE_LEAST, _PIECE_MOST = 20, 500
"""Characters that are weighed at once."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A field as a template shows it: a text, or a yes or a no. `is_cut` says that the text is not all of it."""

    label: str
    text: str = ""
    is_yes: bool = False
    is_no: bool = False
    is_cut: bool = False

    @property
    def lines(self) -> list[str]:
        """The lines of the text."""
        return self.text.split("\n")

    @property
    def is_block(self) -> bool:
        """Whether the text stands below its label, where it is not HTML."""
        return self.is_cut or "\n" in self.text or len(self.text) > _BESIDE_MOST

    @property
    def mark(self) -> str:
        """What stands behind the label, which may end with a mark of its own."""
        return mark_behind(self.label)


@dataclass(frozen=True, slots=True)
class FileShown:
    """A file as a template shows it. `url` is where it can be had, None where nobody says where the console is.

    `is_attached` says that the mail brings it, `is_infected` that a scanner has found something in it, and
    `is_unscanned` that no scanner has looked yet: neither of these is ever attached.
    """

    label: str
    name: str
    size: str
    url: str | None = None
    is_attached: bool = False
    is_infected: bool = False
    is_unscanned: bool = False


@dataclass(frozen=True, slots=True)
class LineShown:
    """A submission as the template of a digest shows it: `who` and `words` may be empty. `url` is its page, None where
    nobody says where the console is."""

    who: str
    words: str
    received: str
    url: str | None = None


def fitted(fields: Sequence[FieldShown], most: int) -> tuple[list[Shown], int]:
    """Return the fields that fit into so many bytes of a mail, and how many more there are.

    Where not all fits, each value has the same share of the room: what needs less leaves the rest to the longer ones,
    and those are cut. Fields are left out only where all labels together would take more than half of the room.
    """
    if sum(map(_weight_at_most, fields)) <= most:  # as nearly always: nothing has to be weighed
        return [_shown(one, _text_of(one), 0, most) for one in fields], 0
    fixed, count = 0, 0
    for one in fields:
        fixed += _FIELD_BYTES + weight_of(one.label)
        if fixed > most // 2:
            break
        count += 1
    kept = fields[:count]
    texts = [_text_of(one) for one in kept]
    weights = [weight_of(text) for text in texts]
    share = _share(weights, most - fixed)
    return [_shown(*one, share) for one in zip(kept, texts, weights, strict=True)], len(fields) - count


def _weight_at_most(field: FieldShown) -> int:
    lines = sum(_CHARACTER_BYTES * len(line) + _LINE_BYTES for line in field.lines)
    return _FIELD_BYTES + _CHARACTER_BYTES * len(field.label) + _LINE_BYTES + lines


def _share(weights: Sequence[int], room: int) -> int:
    """Return how many bytes each may have, so that all together have as much of the room as they need."""
    for place, weight in enumerate(sorted(weights)):
        others = len(weights) - place
        if weight * others > room:
            return room // others
        room -= weight
    return max(weights, default=0)


def _text_of(field: FieldShown) -> str:
    return "\n".join(f"\N{BULLET} {line}" for line in field.lines if line) if field.is_list else "\n".join(field.lines)


def _shown(field: FieldShown, text: str, weight: int, share: int) -> Shown:
    if field.answer is not None:
        return Shown(field.label, is_yes=field.answer, is_no=not field.answer)
    if weight <= share:
        return Shown(field.label, text)
    return Shown(field.label, _beginning(text, share), is_cut=True)


def _beginning(text: str, most: int) -> str:
    """Return as much of a text as fits, by pieces that are small where there is little room."""
    piece, at = max(_PIECE_LEAST, min(_PIECE_MOST, most // 50)), 0
    while at < len(text):
        most -= weight_of(text[at : at + piece])
        if most < 0:
            break
        at += piece
    return text[:at].rstrip()
