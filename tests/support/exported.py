"""Makes exports without a database, and reads files with what others read them with."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET
from zipfile import ZipFile

from python_calamine import CalamineWorkbook

from shared.database import iso
from storage_service.records.export.asked import Asked
from storage_service.records.export.columns import Layout, layout_of, layout_of_all
from storage_service.records.export.csv_lines import CsvLines
from storage_service.records.export.formulas import unguarded
from storage_service.records.export.json_lines import JsonDocument, JsonLines
from storage_service.records.export.workbook import Workbook

MOMENT = datetime(2026, 11, 22, 17, 3, 44, 123456, tzinfo=UTC)
KEY = UUID("0123456789abcdef0123456789abcdef")

WRITERS: Mapping[str, Any] = {"csv": CsvLines, "ndjson": JsonLines, "json": JsonDocument, "xlsx": Workbook}

STORED: Mapping[str, Any] = {
    "id": KEY.hex,
    "form": "signup",
    "accepted_at": iso(MOMENT),
    "stored_at": iso(MOMENT),
    "fields": "{}",
    "fingerprint": "0" * 64,
    "source": '{"ip":"192.0.2.1","user_agent":null}',
    "control": "{}",
    "spam": None,
    "score": None,
    "score_model": None,
    "score_reasons": None,
    "receipt_url": None,
    "sealed": None,
    "state": "new",
    "starred": 0,
    "labels": "[]",
    "assignee": None,
    "replied_at": None,
    "version": 1,
    "imported_at": None,
    "opt_in_state": None,
    "opted_in_at": None,
    "opt_in_proof": None,
    "files": "[]",
}
"""A row as SQLite's driver gives it."""


def layout(documents: Sequence[Mapping[str, Any]], asked: Asked) -> Layout:
    """Return the columns for these fields."""
    if asked.columns is not None:
        return layout_of(asked.columns, {}, has_labels=asked.has_labels)
    names = dict.fromkeys(name for one in documents for name in one)
    return layout_of_all([], list(names), {}, has_labels=asked.has_labels)


def written(documents: Sequence[Mapping[str, Any]], asked: Asked, **stored: Any) -> bytes:
    """Return the file that submissions with these fields make; `stored` is what else stands in their rows."""
    writer = WRITERS[asked.format](layout(documents, asked), asked)
    rows = [{**STORED, **stored, "fields": json.dumps(one)} for one in documents]
    batch = [tuple(row[column.name] for column in writer.columns) for row in rows]
    return b"".join(writer.chunks([batch[:1], batch[1:]] if batch else [[]]))


def csv_rows(file: bytes) -> list[list[str]]:
    """Read CSV."""
    return list(csv.reader(io.StringIO(file.decode("utf-8"), newline=""), strict=True))


def csv_cells(file: bytes) -> list[list[str]]:
    """Read CSV, and take off the apostrophes that keep cells from being formulas."""
    return [[unguarded(cell) for cell in row] for row in csv_rows(file)]


def json_lines(file: bytes) -> list[Any]:
    """Read NDJSON."""
    assert file.endswith(b"\n")
    return [json.loads(line) for line in file[:-1].split(b"\n")]


def sheets(file: bytes) -> list[list[list[Any]]]:
    """Read all sheets of a workbook, with a reader that shares nothing with what wrote it."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(file))
    return [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]


def cells_of(file: bytes) -> Iterable[ET.Element]:
    """Yield the cells of the first sheet as they are written; raises where it is no XML."""
    with ZipFile(io.BytesIO(file)) as archive:
        assert archive.testzip() is None
        root = ET.fromstring(archive.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - made a moment ago
    return root.iter("{http://schemas.openxmlformats.org/spreadsheetml/2006/main}c")
