"""Takes out of a value, before it is checked, what nobody sees, and puts right what a keyboard put for a sign.

Each type of field has its own table. Only what no value of that type has is taken out: a text keeps its joiners, by
which emoji and Persian are written, and a number has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any
from unicodedata import decimal


def _signs(*ranges: tuple[int, int]) -> tuple[int, ...]:
    return tuple(chain.from_iterable(range(first, last + 1) for first, last in ranges))


INVISIBLE = _signs(
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x180E, 0x180E), (0x200B, 0x200F), (0x202A, 0x202E)),
    *((0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF)),
)
"""The soft hyphen, joiners, zero-width space, marks and isolates of direction, variation selectors, byte order mark."""

SPACES = _signs(
    (0x9, 0x9), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000)
)
"""All but the plain one: no-break, thin, wide, tab."""

LINE_ENDS = _signs((0xA, 0xD), (0x1C, 0x1F), (0x85, 0x85), (0x2028, 0x2029))
DASHES = _signs((0x2010, 0x2015), (0x2043, 0x2043), (0x2212, 0x2212), (0xFE58, 0xFE58), (0xFE63, 0xFE63))
CONTROLS = tuple(code for code in _signs((0, 0x1F), (0x7F, 0x9F)) if code not in {*SPACES, *LINE_ENDS})
FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
"""ASCII as East Asian keyboards have it, in its wide form."""

BLANK = " " + "".join(map(chr, (*SPACES, *LINE_ENDS, *INVISIBLE, *CONTROLS)))
"""What says nothing, alone."""


_JOINERS = re.compile("[\u200c\u200d]+")


def _stray_left_out(joiners: re.Match[str]) -> str:
    """Return joiners that stand between two characters beyond ASCII: domains (RFC 5892, A.1) and paths have them in
    Persian, Indian languages and emoji, and are others without. None of any other is meant."""
    text, first, last = joiners.string, joiners.start() - 1, joiners.end()
    is_between = first >= 0 and last < len(text) and not (text[first].isascii() or text[last].isascii())
    return joiners[0] if is_between else ""


_PARTING = (0x9, 0x3000)
"""A tab stands between two cells, and U+3000 is what the space bar of an East Asian keyboard gives: inside a number, a
line's end as well, they may part two of them."""


def table(*, spaces: str, line_ends: str | None, dashes: str | None) -> Mapping[int, str]:
    """Return what stands for each sign: what is given for spaces, line ends and dashes (None keeps them), ASCII for its
    wide forms, and nothing for what nobody sees."""

    def all_to(signs: Iterable[int], text: str | None) -> dict[int, str]:
        return {} if text is None else dict.fromkeys(signs, text)

    return {
        **FULL_WIDTH,
        **all_to((*INVISIBLE, *CONTROLS), ""),
        **all_to(SPACES, spaces),
        **all_to(LINE_ENDS, line_ends),
        **all_to(DASHES, dashes),
    }


def with_joiners(signs: Mapping[int, str]) -> Mapping[int, str]:
    """Return a table that keeps the joiners."""
    return {code: text for code, text in signs.items() if code not in (0x200C, 0x200D)}


FIGURES = {**table(spaces="", line_ends=" ", dashes="-"), **dict.fromkeys(_PARTING, " ")}
"""For numbers, and for dates."""


class Cleaning:
    """Writes a text as one of its type would be written in ASCII, as far as that changes nothing of what it says.

    With `digits` it writes those of other scripts, too.
    """

    def __init__(self, signs: Mapping[int, str], *, digits: bool = False) -> None:
        self._signs = signs
        self._digits = digits

    def __call__(self, value: Any) -> Any:
        """Return a text cleaned, and anything else as it is."""
        if not isinstance(value, str):
            return value
        text = value
        if not (text.isascii() and text.isprintable()):
            text = _JOINERS.sub(_stray_left_out, text.strip(BLANK).translate(self._signs))
        text = text.strip(" ")
        return "".join(str(decimal(sign, sign)) for sign in text) if self._digits and not text.isascii() else text
