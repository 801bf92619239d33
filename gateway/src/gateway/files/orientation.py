"""Keeps how a picture is to be turned, of all that Exif says: without it, photos of phones lie on their side."""

from __future__ import annotations

import struct
from typing import Literal

_TAG, _SHORT = 0x0112, 3
_ENTRIES_MOST = 1000
_ENTRY_BYTES = 12
_AS_IT_IS = 1
_TURNS = range(1, 9)

EMPTY = struct.pack(">2sHIHI", b"MM", 42, 8, 0, 0)
"""An Exif block that says nothing."""


def kept(exif: bytes) -> bytes | None:
    """Return an Exif block (TIFF) with the orientation of another one alone; None where it turns nothing."""
    turn = _of(exif)
    if turn == _AS_IT_IS:
        return None
    return struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, _TAG, _SHORT, 1, turn, 0, 0)


def _of(exif: bytes) -> int:
    order: Literal["little", "big"] = "little" if exif.startswith(b"II") else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(exif[at : at + size], order)

    if exif[:4] not in {b"II*\x00", b"MM\x00*"}:
        return _AS_IT_IS
    start = number(4, 4)
    for index in range(min(number(start, 2), _ENTRIES_MOST)):
        at = start + 2 + index * _ENTRY_BYTES
        if number(at, 2) == _TAG:
            turn = number(at + 8, 2) if number(at + 2, 2) == _SHORT else _AS_IT_IS
            return turn if turn in _TURNS else _AS_IT_IS
    return _AS_IT_IS
