"""Makes text that strangers have sent harmless on a terminal.

A terminal obeys control characters and escape sequences: they move the cursor, write over what stands there, set titles
and clipboards. Directional overrides (Unicode's bidi controls) make a text look like another. All of them are shown as
escapes, `\\x1b` or `\\u202e`. Only the two joiners that emoji and Persian need are left among what cannot be seen.
"""

from __future__ import annotations

_LEFT = frozenset("\u200c\u200d")
_CUT = "…"

LINE_MOST = 2_000
"""Characters of a text in one line."""

BLOCK_MOST = 200_000
"""Characters of a text that has lines of its own."""


def line(value: object, most: int = LINE_MOST) -> str:
    """Return a text as one line, whatever is in it; white space of any kind is one space."""
    text = str(value)
    text = text if len(text) <= most else text[: most - 1] + _CUT
    return _shown(" ".join(text.split()))


def block(text: str, most: int = BLOCK_MOST) -> list[str]:
    """Return a text as its lines, each harmless; spaces stay, a tab is four."""
    text = text if len(text) <= most else text[: most - 1] + _CUT
    return [_shown(one.replace("\t", "    ")) for one in text.splitlines()]


def _shown(text: str) -> str:
    return text if text.isprintable() else "".join(map(_sign, text))


def _sign(one: str) -> str:
    if one.isprintable() or one in _LEFT:
        return one
    return " " if one.isspace() and ord(one) > 0xFF else one.encode("unicode_escape", "surrogatepass").decode("ascii")
