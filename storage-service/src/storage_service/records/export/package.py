"""Makes all of a workbook but its rows, by XlsxWriter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from zipfile import ZipFile

import xlsxwriter

from storage_service.records.export.sheet_rows import Styles

_SHEET = re.compile(r"xl/worksheets/sheet[0-9]+\.xml")
_DIMENSION = re.compile("<dimension [^>]*/>")
_STYLE = re.compile(r'<c r="[A-D]1" s="([0-9]+)"')
_ROWS = re.compile("<sheetData>.*</sheetData>", re.DOTALL)

_LAST_COLUMN = 16_383
_WIDTH = 21
"""Of each column, in digits: where a moment does not fit, Excel shows ######## instead."""

_FORMATS = ({"bold": True}, {"num_format": "yyyy-mm-dd hh:mm:ss"}, {"num_format": "yyyy-mm-dd"}, {"quote_prefix": True})
"""Of titles, of moments, of days, and of texts that would be formulas if somebody typed them: as after an apostrophe,
they stay texts also when a person edits them."""


class Package:
    """The parts of a workbook of so many sheets, each with one row for titles."""

    def __init__(self, sheets: int, created: datetime) -> None:
        self._parts = _parts(sheets, created)
        first = self._parts[sheet_part(1)]
        self.styles = Styles(*_STYLE.findall(first))

    def around(self, sheet: int) -> tuple[str, str]:
        """Return what stands before and behind the rows of a sheet, which are counted from 1."""
        # How far the rows go is not known yet, and need not be said.
        before, behind = _ROWS.split(_DIMENSION.sub("", self._parts[sheet_part(sheet)]))
        return f"{before}<sheetData>", f"</sheetData>{behind}"

    @property
    def others(self) -> Mapping[str, str]:
        """All parts that are no sheets, by their names."""
        return {name: text for name, text in self._parts.items() if not _SHEET.fullmatch(name)}


def sheet_part(sheet: int) -> str:
    """Return the name of a sheet's part."""
    return f"xl/worksheets/sheet{sheet}.xml"


def _parts(sheets: int, created: datetime) -> dict[str, str]:
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.set_properties({"created": created.replace(tzinfo=None)})
        formats = [book.add_format(one) for one in _FORMATS]
        for number in range(1, sheets + 1):
            sheet = book.add_worksheet("Submissions" if number == 1 else f"Submissions {number}")
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, _LAST_COLUMN, _WIDTH)
            for column, one in enumerate(formats):
                sheet.write_blank(0, column, None, one)
    with ZipFile(file) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}
