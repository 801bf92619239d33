"""Writes a place in an order of submissions as a text, and reads it again."""

from __future__ import annotations

import base64
import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias
from uuid import UUID

Way: TypeAlias = Literal["older", "newer", "stored"]
"""`older` and `newer` go through the order of acceptance. `stored` goes through that of storing, oldest first."""

_WAYS: tuple[Way, ...] = ("older", "newer", "stored")
_LAYOUT = struct.Struct(">BBq16s")
_FORM = re.compile(r"[A-Za-z0-9_-]{35}", re.ASCII)
_VERSION = 1
_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class CursorError(ValueError):
    """A text that is no cursor, or one for another way. The text may be shown."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place behind one submission, and the way on from it. It says nothing but where: whoever has it sees no more.

    `str(cursor)` may stand in an address, and `Cursor.read` reads it.
    """

    way: Way
    moment: datetime
    id: UUID

    @classmethod
    def read(cls, text: str) -> Cursor:
        """Return the cursor of a text; raises `CursorError`. It takes no time, however long the text is."""
        found = _read(text) if _FORM.fullmatch(text) else None
        if found is None or str(found) != text:
            raise CursorError("expected a cursor as an answer gave it")
        return found

    @classmethod
    def beginning(cls) -> Cursor:
        """Return the place before all that is stored, for who reads everything, oldest first."""
        return cls("stored", _START, UUID(int=0))

    def __str__(self) -> str:
        moment = (self.moment - _START) // _MICROSECOND
        packed = _LAYOUT.pack(_VERSION, _WAYS.index(self.way), moment, self.id.bytes)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def on(self, way: Way) -> Cursor:
        """Return the same place, on another way; raises `CursorError` between the two orders."""
        if "stored" in (way, self.way) and way != self.way:
            raise CursorError("expected a cursor of the same order")
        return Cursor(way, self.moment, self.id)


def _read(text: str) -> Cursor | None:
    version, way, moment, key = _LAYOUT.unpack(base64.urlsafe_b64decode(f"{text}="))
    if version != _VERSION or way >= len(_WAYS):
        return None
    try:
        return Cursor(_WAYS[way], _START + moment * _MICROSECOND, UUID(bytes=key))
    except OverflowError:
        return None
