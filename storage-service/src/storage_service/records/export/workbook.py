"""Writes XLSX while it is read: a zip file whose sheets come first, and the parts that name them last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import ColumnElement

from shared.contracts import JsonValue
from storage_service.records.export.asked import Asked
from storage_service.records.export.columns import Layout
from storage_service.records.export.meta import Kind, Write
from storage_service.records.export.package import Package, sheet_part
from storage_service.records.export.sheet_rows import Cell, SheetRows, day_or_text, number_or_text
from storage_service.records.export.tables import TableRows
from storage_service.records.export.values import id_text, list_text, moment_of, text_of

ROWS_A_SHEET = 1_048_575
"""Rows of a sheet, but for the titles."""

CHARACTERS_A_SHEET = 400 * 1024 * 1024
"""After so much a further sheet begins: a part of a zip file that says its length last has less than 2 GiB, and each
character may have four bytes."""

ROWS_AT_ONCE = 100

_DIGITS = frozenset("0123456789")
"""What a day begins with."""

_LEVEL = 1
"""How hard to compress: the next levels take twice the time for a tenth less."""


class Workbook:
    """A workbook of texts, numbers, moments and days. Nothing in it is a formula or a link."""

    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def __init__(self, layout: Layout, asked: Asked) -> None:
        self._titles = layout.titles
        self._zone = asked.zone
        how: Mapping[Kind, Write] = {
            "id": id_text,
            "text": _same,
            "moment": lambda one: moment_of(one) if one else None,
            "flag": lambda one: "true" if one else "false",
            "number": _same,
            "list": list_text,
        }
        self._table = TableRows(layout, _cell, _DIGITS, how)
        self.columns: Sequence[ColumnElement[Any]] = self._table.columns

    def chunks(self, batches: Iterable[Sequence[Sequence[Any]]]) -> Iterator[bytes]:
        """Yield the file."""
        sink, created = _Sink(), datetime.now(UTC)
        pattern = Package(2, created)
        rows = SheetRows(len(self._titles), pattern.styles, self._zone)
        cells = (self._table.cells(row) for some in batches for row in some)
        with ZipFile(sink, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            sheets, ahead = 0, next(cells, None)
            while ahead is not None or not sheets:
                sheets += 1
                with archive.open(sheet_part(sheets), "w") as part:
                    before, behind = pattern.around(min(sheets, 2))
                    part.write(f"{before}{rows.titles(self._titles)}".encode())
                    for text in _filled(rows, [] if ahead is None else chain([ahead], cells)):
                        part.write(text.encode())
                        yield from sink.taken()
                    part.write(behind.encode())
                ahead = next(cells, None)
            for name, text in Package(sheets, created).others.items():
                archive.writestr(name, text)
        yield from sink.taken()


def _filled(rows: SheetRows, cells: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Yield the rows of one sheet, some at a time, until it is full or there are no more."""
    number, characters = 1, 0
    for some in _by(ROWS_AT_ONCE, islice(cells, ROWS_A_SHEET)):
        text = "".join(rows.row(number + place, one) for place, one in enumerate(some, 1))
        yield text
        number, characters = number + len(some), characters + len(text)
        if characters > CHARACTERS_A_SHEET:
            return


def _by(count: int, cells: Iterable[Sequence[Cell]]) -> Iterator[list[Sequence[Cell]]]:
    source = iter(cells)
    while some := list(islice(source, count)):
        yield some


def _cell(value: JsonValue) -> Cell:
    if isinstance(value, str):
        return day_or_text(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_or_text(value)
    return text_of(value)


def _same(value: Any) -> Any:
    return value


class _Sink:
    """Takes what is written, for who comes to take it. It cannot be asked where it is: so nothing is mended later."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def taken(self) -> Iterator[bytes]:
        if self._written:
            yield b"".join(self._written)
            self._written.clear()
