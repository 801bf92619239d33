"""Watches a file while it arrives: how many rows have come, and whether its end is there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal, TypeAlias

Format: TypeAlias = Literal["csv", "ndjson", "json", "xlsx"]
Kind: TypeAlias = Literal["csv", "ndjson", "json", "xlsx", "zip"]
"""What arrives: a table, or a ZIP of one with all files."""

FORMATS: tuple[Format, ...] = ("csv", "ndjson", "json", "xlsx")

_TAIL_BYTES = 64 * 1024
_ZIP_END, _ZIP_END_BYTES = b"PK\x05\x06", 22
"""How the last record of a zip file begins, and how long it is (APPNOTE 4.3.16)."""


class Arriving:
    """Is told each part of a file of a format. Keeps its end alone."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._tail = b""
        self._quotes = 0
        self._lines = 0
        self.size = 0

    def add(self, part: bytes) -> None:
        """Look at the next part."""
        self.size += len(part)
        self._tail = (self._tail + part)[-_TAIL_BYTES:]
        if self._kind == "csv":
            self._count_csv(part)
        elif self._kind == "ndjson":
            self._lines += part.count(b"\n")

    @property
    def rows(self) -> int | None:
        """How many rows have come; None for a format where nobody can tell on the way."""
        if self._kind in ("csv", "ndjson"):
            return max(self._lines - 1, 0)  # the titles, or the line that says it is complete
        return self._said_rows()

    def is_whole(self) -> bool:
        """Return whether its end is there."""
        if self._kind == "csv":
            return self._lines > 0 and self._quotes % 2 == 0 and self._tail.endswith(b"\r\n")
        if self._kind in ("xlsx", "zip"):
            return self._tail[-_ZIP_END_BYTES:].startswith(_ZIP_END)
        return self._said_rows() is not None

    def _count_csv(self, part: bytes) -> None:
        """Count ends of lines outside of quotes: a value may have lines of its own."""
        pieces = part.split(b'"')
        self._lines += sum(piece.count(b"\n") for at, piece in enumerate(pieces) if (self._quotes + at) % 2 == 0)
        self._quotes += len(pieces) - 1

    def _said_rows(self) -> int | None:
        """Return how many rows the last line says; None where it is not there."""
        line = self._tail.rstrip(b"\n").rpartition(b"\n")[2]
        line = line if self._kind == "ndjson" else b"{" + line.removeprefix(b"],")
        try:
            said = json.loads(line)
        except ValueError:
            return None
        is_end = isinstance(said, Mapping) and said.get("complete") is True and self._tail.endswith(b"\n")
        return int(said["rows"]) if is_end and isinstance(said.get("rows"), int) else None
