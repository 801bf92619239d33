"""Rows of a sheet are what XlsxWriter would write, but for what it takes for markup."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import Any
from zipfile import ZipFile

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from storage_service.records.export.package import Package
from storage_service.records.export.sheet_rows import SheetRows, Styles, shortened

STYLES = Styles("1", "2", "3", "4")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20) | st.sampled_from(
    ["_x0041_", "_x000d_\r", "a & b <c>", " a", "a\n", "\t", "\ufffe", "x" * 200]
)
CELLS = TEXTS | st.integers(-(10**15) + 1, 10**15 - 1) | st.sampled_from([0.5, -2.25, 1e20])


def theirs(cells: list[Any]) -> str:
    """Return a row that XlsxWriter writes in its mode for long tables."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for column, cell in enumerate(cells):
            write = sheet.write_string if isinstance(cell, str) else sheet.write_number
            write(1, column, cell)
    with ZipFile(file) as archive:
        text = archive.read("xl/worksheets/sheet1.xml").decode()
    found = re.search('<row r="2"[^>]*>(.*)</row>', text, re.DOTALL)
    assert found
    return found[1]


def ours(cells: list[Any]) -> str:
    row = SheetRows(len(cells), STYLES, UTC).row(2, cells)
    return row.removeprefix('<row r="2">').removesuffix("</row>").replace(' s="4"', "")


@given(st.lists(CELLS, min_size=1, max_size=30))
def test_the_same_cells_are_the_same_bytes(cells: list[Any]) -> None:
    assert ours(cells) == theirs(cells).replace("1E+20", "1e+20")


def test_what_looks_like_markup_is_escaped() -> None:
    text = '<r></is></c><c r="A9"><f>1+1</f></c><c><is></r>'
    assert "<f>" in theirs([text]), "XlsxWriter has been mended: is the module's reason still one?"
    assert ours([text]).count("<c ") == 1
    assert "&lt;f&gt;" in ours([text])


@pytest.mark.parametrize("sheets", [1, 2, 7])
def test_a_package_has_all_but_the_rows(sheets: int) -> None:
    package = Package(sheets, datetime(2026, 11, 22, tzinfo=UTC))
    assert vars(package.styles) == {"title": "1", "moment": "2", "day": "3", "text": "4"}
    before, behind = package.around(sheets)
    assert before.endswith("<sheetData>")
    assert behind.startswith("</sheetData>")
    assert "dimension" not in before
    assert float(re.findall(r'<col min="1" max="16384" width="([0-9.]+)"', before)[0]) > len("2026-11-22 18:00:00")
    names = {"[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"}
    assert names <= package.others.keys()
    assert package.others["xl/workbook.xml"].count("<sheet ") == sheets
    assert not [name for name in package.others if "sheets/" in name]


def test_a_text_is_shortened_between_signs() -> None:
    for text in ("a" + "\U0001f600" * 20_000, "\U0001f600" * 20_000):
        kept, _, _ = shortened(text).partition(" … ")
        assert text.startswith(kept)
        assert len(kept) > 16_000
