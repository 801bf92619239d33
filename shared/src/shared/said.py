"""Makes what a server said fit to be kept: one short line, without anybody's address."""

from __future__ import annotations

import re

SAID_MOST = 500

_LONGEST = 4 * SAID_MOST
_LOCAL_PART = re.compile(r"""("[^"]*"|(?<![^\s<>()\[\]"':;,@])[^\s<>()\[\]"':;,@]+)@""")
"""What stands before an @, from where it begins: looked for from each of its letters on, it would take the square."""


def said(text: str) -> str:
    """Return what may be kept of a reply: at most `SAID_MOST` characters, no line breaks, no control characters.

    Mail servers repeat the recipient's address in their replies: of an address only its first letter and its domain
    are left.
    """
    cut = text[:_LONGEST]
    if not cut.isprintable():
        cut = "".join(each if each.isprintable() else " " for each in cut)
    words = " ".join(cut.split())
    return (_LOCAL_PART.sub(_first_letter, words) if "@" in words else words)[:SAID_MOST]


def _first_letter(found: re.Match[str]) -> str:
    return found[1].lstrip('"')[:1] + "\N{HORIZONTAL ELLIPSIS}@"
