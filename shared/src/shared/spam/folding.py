"""Folds a text, so that what looks alike is alike: one case, one form, no look-alikes, nothing invisible.

Each character is folded by itself, so that the work is in proportion to the length, whatever the text is.
"""

from __future__ import annotations

import re
import unicodedata

_REMEMBERED_MOST = 8192
_EXPANDED_MOST = 18
"""Characters that one becomes at most (U+FDFA has as many in NFKC)."""

_LOOKALIKES = dict(
    zip(
        "аеорсухіјѕԁһԛԝвкмнтгпиьӏүγαβεηικμνορτυχωɑɡıƽǀɩʋſ",
        "aeopcyxijsdhqwbkmhtrnub1yyabenikuvoptuxwagislivs",
        strict=True,
    )
)
"""Letters of other scripts that a reader takes for ASCII ones, after casefold and NFKC."""

_STROKED = dict(zip("øłđħŧð", "oldhtd", strict=True)) | {"æ": "ae", "œ": "oe"}
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
"""Characters that nobody sees. Some scripts and emoji need a few of them."""


def folded(text: str) -> str:
    """Return the text in lower case and in compatible form (NFKC), without accents, look-alikes and the invisible."""
    return text.lower() if text.isascii() else text.translate(_FOLDED)


class _Folding(dict[int, str]):
    """What each character becomes. It remembers some of them, since a stranger can send all that there are."""

    def __missing__(self, code: int) -> str:
        parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", chr(code)).casefold())
        kept = unicodedata.normalize("NFC", "".join(filter(_stays, parts[:_EXPANDED_MOST])))
        found = "".join(_LOOKALIKES.get(sign) or _STROKED.get(sign, sign) for sign in kept)
        if len(self) < _REMEMBERED_MOST:
            self[code] = found
        return found


def _stays(sign: str) -> bool:
    category = unicodedata.category(sign)
    if category == "Mn":
        order = unicodedata.combining(sign)
        return not (order >= 200 or order == 1 or INVISIBLE.match(sign))
    return category not in ("Cf", "Me", "Cs") and not INVISIBLE.match(sign)


_FOLDED = _Folding()
