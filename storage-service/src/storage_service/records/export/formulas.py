"""Keeps what strangers wrote from being a formula in a spreadsheet.

https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re

FIRST = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What a formula may begin with. The last four are the wide signs, which Japanese Excel takes for the others."""

_QUOTE = "'"
MAY_BE = FIRST | {_QUOTE}
"""What a text begins with that `guarded` may change."""

_HARMLESS = re.compile(
    r"[+-]?[0-9][0-9.,' ]*(?:[eE][+-]?[0-9]+)?%?"  # a number, however it is grouped
    r"|\+[0-9][0-9 ()./-]*",  # a telephone number
    re.ASCII,
)


def is_risky(text: str) -> bool:
    """Return whether a spreadsheet could take a text for a formula. Numbers and telephone numbers are none.

    One that is such a text behind apostrophes counts, too: so `guarded` says the same of no two texts.
    """
    if text[:1] not in MAY_BE:
        return False
    behind = text.lstrip(_QUOTE)
    return behind[:1] in FIRST and not _HARMLESS.fullmatch(behind)


def guarded(text: str) -> str:
    """Return a text as it may stand in a cell of CSV: with an apostrophe in front of what could be a formula."""
    return _QUOTE + text if is_risky(text) else text


def unguarded(cell: str) -> str:
    """Return what `guarded` made a cell of."""
    return cell[1:] if cell[:1] == _QUOTE and is_risky(cell) else cell
