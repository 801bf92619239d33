"""Writes CSV (RFC 4180) that a spreadsheet takes for nothing but text."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import Any

from shared.contracts import JsonValue
from storage_service.records.export.asked import Asked
from storage_service.records.export.columns import Layout
from storage_service.records.export.formulas import MAY_BE, guarded
from storage_service.records.export.meta import Kind, Write
from storage_service.records.export.tables import TableRows
from storage_service.records.export.values import id_text, list_text, moments_in, text_of

CHUNK_CHARACTERS = 64 * 1024
"""What is sent at once, or a little more."""

_BOM = "\ufeff"
_ENDED = "\r\n"


class CsvLines:
    """Lines of CSV in UTF-8, each ended by CR LF."""

    content_type = "text/csv; charset=utf-8; header=present"

    def __init__(self, layout: Layout, asked: Asked) -> None:
        moment = moments_in(asked.zone)
        how: Mapping[Kind, Write] = {
            "id": id_text,
            "text": _cell,
            "moment": lambda one: moment(one) if one else "",
            "flag": lambda one: "true" if one else "false",
            "number": lambda one: "" if one is None else str(one),
            "list": list_text,
        }
        self._begin = _BOM if asked.has_bom else ""
        self._headers = [*map(guarded, layout.titles)]
        is_utc = str(asked.zone) == "UTC"  # as SQLite has it, then
        plain = frozenset[Kind](("text", "moment") if is_utc else ("text",))
        self._table = TableRows(layout, _cell, MAY_BE, how, plain)
        self.columns = self._table.columns

    def chunks(self, batches: Iterable[Sequence[Sequence[Any]]]) -> Iterator[bytes]:
        """Yield the file."""
        cells = self._table.cells
        lines, characters = [self._begin + line_of(self._headers)], 0
        for rows in batches:
            for row in rows:
                lines.append(line := line_of(cells(row)))
                characters += len(line)
                if characters > CHUNK_CHARACTERS:
                    yield _taken(lines)
                    characters = 0
        yield _taken(lines)


def line_of(cells: Sequence[str]) -> str:
    """Return a line as `csv.writer` writes it, in less than half of the time where no cell has a quote or a break."""
    line = ",".join(cells)
    if '"' in line or "\n" in line or "\r" in line or len(cells) == 1:
        sink = StringIO(newline="")
        csv.writer(sink, lineterminator=_ENDED).writerow(cells)
        return sink.getvalue()
    if line.count(",") >= len(cells):
        line = ",".join([f'"{cell}"' if "," in cell else cell for cell in cells])
    return line + _ENDED


def _cell(value: JsonValue) -> str:
    if value is None:
        return ""
    if type(value) is int:
        return repr(value)
    return guarded(value) if isinstance(value, str) else text_of(value)


def _taken(lines: list[str]) -> bytes:
    text = "".join(lines)
    lines.clear()
    return text.encode("utf-8", "replace")
