"""Reads a text a line at a time, and never more of it at once than one record may have."""

from __future__ import annotations

from typing import TextIO

from storage_service.importing.found import RECORD_MOST


class Pieces:
    """The lines of a text. One that is too long comes in several pieces, of which the last ends with the line.

    `line` is the number of the line that the last piece belongs to.
    """

    def __init__(self, text: TextIO, most: int = RECORD_MOST) -> None:
        self._text = text
        self._most = most
        self._is_within = False
        self.line = 0

    def next(self) -> str:
        """Return the next piece, with its line feed; nothing at the end of the text."""
        piece = self._text.readline(self._most)
        if piece and not self._is_within:
            self.line += 1
        self._is_within = bool(piece) and not piece.endswith("\n")
        return piece
