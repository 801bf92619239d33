"""Reads records from CSV: RFC 4180, with line feeds or CR LF, and any one sign between cells."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TextIO

from storage_service.importing.found import FIELDS_MOST, NAME_MOST, RECORD_MOST, Found, NotTaken, Unreadable
from storage_service.importing.pieces import Pieces

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
"""Signs that may stand between cells, and their names."""


class CsvRows:
    """The records of a text. `columns` are the names in its first line, each once; raises `Unreadable`."""

    def __init__(self, text: TextIO, delimiter: str = ",") -> None:
        csv.field_size_limit(RECORD_MOST + 1)
        self._pieces = Pieces(text)
        self._delimiter = delimiter
        head = self._next_row()
        if head is None:
            raise Unreadable("the file is empty")
        if isinstance(head, NotTaken):
            raise Unreadable(f"the first line, which names the columns, cannot be read: {head.why}")
        self.columns = self._names(head[1])

    def __iter__(self) -> Iterator[Found | NotTaken]:
        """Yield the records, and what is none."""
        width = len(self.columns)
        while (row := self._next_row()) is not None:
            if isinstance(row, NotTaken):
                yield row
                continue
            first, cells = row
            if len(cells) == width:
                yield Found(first, self._pieces.line, dict(zip(self.columns, cells, strict=True)))
            elif cells:
                what = "cell" if len(cells) == 1 else "cells"
                yield NotTaken(
                    first, self._pieces.line, f"{len(cells)} {what}, but the first line names {width} columns"
                )

    def _next_row(self) -> tuple[int, list[str]] | NotTaken | None:
        """Return the first line of the next record and its cells, none for an empty line; None at the end."""
        piece = self._pieces.next()
        if not piece:
            return None
        first, quotes = self._pieces.line, _Quotes(self._delimiter)
        kept, size = [piece], len(piece)
        is_open = quotes.is_open_after(piece)
        while is_open or not piece.endswith("\n"):
            piece = self._pieces.next()
            if not piece:
                break
            size += len(piece)
            if size <= RECORD_MOST:
                kept.append(piece)
            is_open = quotes.is_open_after(piece)
        if is_open:
            why = "a quote is opened and never closed: nothing from here on was read"
            return NotTaken(first, self._pieces.line, why)
        if size > RECORD_MOST:
            return NotTaken(first, self._pieces.line, f"{size:,} characters, {RECORD_MOST:,} at most")
        return self._cells(first, kept)

    def _cells(self, first: int, kept: Sequence[str]) -> tuple[int, list[str]] | NotTaken:
        try:
            return first, next(csv.reader(["".join(kept)], delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            is_split = "new-line" in str(error)
            why = "a carriage return outside of quotes" if is_split else "a quote inside a cell that is not doubled"
            return NotTaken(first, self._pieces.line, why)

    def _names(self, head: Sequence[str]) -> tuple[str, ...]:
        """Return a name for each column: what has none is called by its number, and what is there twice, too."""
        if len(head) > FIELDS_MOST:
            raise Unreadable(f"the first line names {len(head):,} columns, {FIELDS_MOST:,} at most")
        if any(len(name) > NAME_MOST for name in head):
            raise Unreadable(
                f"the first line has a name of more than {NAME_MOST} characters: does it name the columns?"
            )
        other = next((sign for sign in DELIMITERS if sign != self._delimiter and sign in head[0]), None)
        if len(head) == 1 and other is not None:
            raise Unreadable(
                f"the first line has no {DELIMITERS[self._delimiter]}, but {DELIMITERS[other]}: "
                f"say --delimiter {'tab' if other == chr(9) else repr(other)}"
            )
        seen, names = Counter[str](), list[str]()
        for number, one in enumerate(head, 1):
            name = one.strip() or f"column {number}"
            seen[name] += 1
            names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
        return tuple(names)


class _Quotes:
    """Follows quotes through a record, so that its end is known before all of it is held."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter
        self._is_open = False
        self._is_at_quote = False
        self._last = delimiter

    def is_open_after(self, piece: str) -> bool:
        """Return whether a quoted cell goes on behind this piece of the record."""
        if self._is_at_quote and piece.startswith('"'):  # the other half of a quote that stands for itself
            self._is_open, at = True, piece.find('"', 1)
        else:
            at = piece.find('"')
        self._is_at_quote = False
        while at >= 0:
            if not self._is_open:
                self._is_open = (piece[at - 1] if at else self._last) == self._delimiter
            elif piece[at + 1 : at + 2] == '"':
                at += 1
            else:
                self._is_open, self._is_at_quote = False, at + 1 == len(piece)
            at = piece.find('"', at + 1)
        self._last = piece[-1:]
        return self._is_open
