"""How much a mail may weigh, and how a text is cut that weighs more."""

from __future__ import annotations

from binascii import b2a_qp

from markupsafe import escape

MAIL_BYTES = 256 * 1024
"""What a mail weighs at most, as it is sent, its headers and both its bodies."""

_HEADERS_BYTES = 4 * 1024
_CHARACTER_BYTES = 12
"""What one character weighs at most: four bytes of UTF-8, each quoted."""

_PIECE = 500
"""Characters that are weighed at once."""

_LINE_BYTES = 80
"""What a line's end brings with it in HTML."""


def is_too_heavy(text: str, html: str) -> bool:
    """Return whether a mail with these bodies would weigh more than one may."""
    most = MAIL_BYTES - _HEADERS_BYTES
    if _CHARACTER_BYTES * (len(text) + len(html)) <= most:
        return False
    return sum(len(b2a_qp(body.replace("\n", "\r\n").encode(), istext=True)) for body in (text, html)) > most


def fitted(text: str, most: int) -> tuple[str, bool]:
    """Return as much of a text as fits into so many bytes of a mail, and whether any is left out."""
    for at in range(0, len(text), _PIECE):
        most -= weight_of(text[at : at + _PIECE])
        if most < 0:
            return text[:at].rstrip(), True
    return text, False


def weight_of(piece: str) -> int:
    """Return how many bytes of a mail a piece of its text becomes at most: encoded, once as text and once in HTML."""
    bodies = (b2a_qp(body.encode("utf-8", "surrogatepass"), istext=False) for body in (piece, str(escape(piece))))
    return sum(map(len, bodies)) + _LINE_BYTES * piece.count("\n") + _LINE_BYTES
