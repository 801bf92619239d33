"""What a mail repeats of what a stranger typed: shortened, and nothing in it that a mail program makes a link of.

Whoever can post can make us mail a third person, so that a value may say a few words, and lead nowhere. What is taken
for a link has a dot, a colon or an at-sign between other characters, or slashes in a row; so a space goes behind each
dot and colon inside a word, and around each at-sign, and a row of slashes becomes one. This needs no list of links.
"""

from __future__ import annotations

import re
import unicodedata

from shared.text import as_line

OPEN, CLOSE = "\x02", "\x03"
"""What a value stands between in a text that is not finished; neither the texts of forms nor values have them."""

_DOTS = ".\u2024-\u2026\u2488-\u249b\u3002\u33c2\u33c7\u33d8\ufe12\ufe19\ufe30\ufe52\uff0e\uff61\U0001f100"
_COLONS = ":\u2a74\ufe13\ufe55\uff1a"
_STOPS = _DOTS + _COLONS
_ATS = "@\ufe6b\uff20"
_SLASHES = r"/\\\u2100\u2101\u2105\u2106\ufe68\uff0f\uff3c"
"""Dots and colons, at-signs, slashes: each with all that is one in a compatible form (NFKC, and IDNA's dots)."""

_LINKING = re.compile(f"[{_STOPS}{_ATS}]|[{_SLASHES}]{{2}}")
_STOPS_INSIDE = re.compile(f"[{_STOPS}]+(?=[^{_STOPS}])")
_AT = re.compile(f"[{_ATS}]")
_SLASHES_IN_A_ROW = re.compile(f"[{_SLASHES}]{{2,}}")
_NUMBER = re.compile(r"[(„“\"'+-]?[0-9]{1,12}(?:[.,:][0-9]{1,12}){0,2}[)”“\"',;!?%€$£]*[.:]?")
"""`12.50`, `10:30`, `22.11.2026`: a number, a time or a date, and no link, which needs three dots in numbers alone."""

_WORDS = re.compile(r"\S+|\s+")
_LEFT_OUT = frozenset({"Cc", "Cf", "Cs", "Co"})
_LINES = re.compile(r"\s*\n\s*")


def repeated(text: str, most: int) -> str:
    """Return a value as it may be repeated, of so many characters at most: its lines, without blank ones between.

    Control and format characters are left out, and whatever else is no text; each space is a plain one. Its words still
    are to be parted (`parted`), together with what they adjoin. The work is bounded by `most`, not by the text.
    """
    begins = text[: 2 * most + 1]
    if not (begins.isascii() and begins.isprintable()):
        begins = "".join(map(_shown, as_line(begins.replace("\r\n", "\n"))))
    begins = _LINES.sub("\n", begins.strip())
    is_whole = len(begins) <= most and len(text) <= 2 * most + 1
    return begins if is_whole else begins[:most].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def parted(marked: str) -> str:
    """Return a text in which values stand between `OPEN` and `CLOSE` without those, and without a link of a value's.

    A word that a value is a part of is parted as a whole: the form's own `https://example.org/` before it, too.
    """
    if OPEN not in marked:
        return marked
    parts, inside = list[str](), False
    for found in _WORDS.finditer(marked):
        word = found[0]
        opened, closed = word.rfind(OPEN), word.rfind(CLOSE)
        is_touched, inside = inside or opened >= 0, opened > closed if opened != closed else inside
        parts.append(_parted_word(word.replace(OPEN, "").replace(CLOSE, "")) if is_touched else word)
    return "".join(parts)


def _parted_word(word: str) -> str:
    if not _LINKING.search(word) or _NUMBER.fullmatch(word) or word.isspace():
        return word
    word = _SLASHES_IN_A_ROW.sub("/", word)
    word = _STOPS_INSIDE.sub(r"\g<0> ", word)
    return " ".join(_AT.sub(r" \g<0> ", word).split(" ")).strip()


def _shown(character: str) -> str:
    if character in "\n\r":
        return "\n"
    kind = unicodedata.category(character)
    if kind == "Zs" or character == "\t":
        return " "
    return "" if kind in _LEFT_OUT else character
