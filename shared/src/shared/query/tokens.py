"""Cuts a text into the tokens by which it is found: alike for an event and for both databases.

A token is a run of letters and digits, without case and accents, in Unicode's compatible form (NFKC):
`ada@example.org` has three. Chinese, Japanese and Korean, and scripts that put no spaces between words, are cut into
pairs of characters, and the last one stands alone: each character begins one token, and is found as a prefix.

A database stores tokens and cuts nothing itself: SQLite's FTS5 keeps them by `ascii`, PostgreSQL by `simple`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

TOKEN_MOST = 64
"""Characters of a word in one token. A longer one goes on in the next, and is found by the whole all the same."""

_REMEMBERED_MOST = 8192
_MARKS_MOST = 8  # in a row: to put marks into their order takes the square of their number

# Marks (`[^\w\s]`, once a text is folded) stay with the letter they follow.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao; Burmese; Khmer
    "\u1100-\u11ff\u3005-\u3007\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff"
)
_UNIT = rf"(?=\w)[{_UNSPACED}][^\w\s]*"
_PIECE = re.compile(rf"(?P<unit>{_UNIT})|[^\W{_UNSPACED}](?:[^\W{_UNSPACED}]|[^\w\s]){{0,{TOKEN_MOST - 1}}}")
_PREFIX = re.compile(_UNIT)
_CLUSTER = re.compile(rf"(\w[^\w\s]{{1,{_MARKS_MOST}}})[^\w\s]*|([\u1100-\u115f][\u1160-\u11a7][\u11a8-\u11ff]?)")
_APART = re.compile(r"[^a-z0-9]+")
_ASCII_WORD = re.compile(rf"[a-z0-9]{{1,{TOKEN_MOST}}}")

_LETTERS = dict(zip("øłđħŧð", "oldhtd", strict=True)) | {
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    "\N{ARABIC TATWEEL}": "",
}
"""Letters with a stroke, and joined ones, which Unicode does not take apart."""


@dataclass(frozen=True, slots=True)
class Needle:
    """What a text is searched for: tokens that stand side by side; of the last, maybe its beginning only."""

    tokens: tuple[str, ...]
    is_prefix: bool


def tokens(text: str) -> list[str]:
    """Return the tokens of a text, in its order. It takes time in proportion to the text, whatever that is."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return list(_cut(_fold(text)))


def words_apart(text: str) -> str:
    """Return the words of a text as tokens have them, a space between two; where there is none, a script has none."""
    return " ".join((_APART.sub(" ", text.lower()) if text.isascii() else _fold(text)).split())


def needle_of(text: str, *, is_prefix: bool = False) -> Needle:
    """Return what to look for in the tokens of other texts; without tokens where the text has no letter or digit."""
    found = tokens(text)
    return Needle(tuple(found), is_prefix or (bool(found) and _PREFIX.match(found[-1]) is not None))


def _cut(folded: str) -> Iterator[str]:
    last: re.Match[str] | None = None  # a character that begins a pair
    for piece in _PIECE.finditer(folded):
        unit = piece["unit"]
        if last is not None:
            yield last[0] + unit if unit and last.end() == piece.start() else last[0]
        if unit is None:
            yield piece[0]
        last = piece if unit else None
    if last is not None:
        yield last[0]


def _fold(text: str) -> str:
    """Return a text that has letters, digits, marks that belong to them, and spaces for all else."""
    return _CLUSTER.sub(_composed, text.translate(_FOLDED))


def _composed(cluster: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", cluster[1] or cluster[2])


class _Folding(dict[int, str]):
    """What each character becomes. It remembers some of them, since a stranger can send all that there are."""

    def __missing__(self, code: int) -> str:
        parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", chr(code)).casefold())
        folded = unicodedata.normalize("NFC", "".join(map(_kept, parts)))
        if len(self) < _REMEMBERED_MOST:
            self[code] = folded
        return folded


_FOLDED = _Folding()


def _kept(sign: str) -> str:
    """Return what is left of a character without case: a space parts words, nothing joins what is around it."""
    if sign.isalnum():
        return _LETTERS[sign] if sign in _LETTERS else str(unicodedata.decimal(sign, sign))
    category = unicodedata.category(sign)
    if category in ("Mn", "Mc"):
        return "" if _is_accent(sign) else sign
    return "" if category in ("Cf", "Me") and sign != "\N{ZERO WIDTH SPACE}" else " "


def _is_accent(mark: str) -> bool:
    """Return whether a mark goes: accents, vowel points, variants. Vowels of Indian scripts and kana's voicing stay."""
    order = unicodedata.combining(mark)
    return order >= 200 or 10 <= order <= 36 or order == 1 or _is_variant(ord(mark))


def _is_variant(code: int) -> bool:
    return 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF or 0x180B <= code <= 0x180F or code == 0x34F
