"""What is exported is read back as it was, by others' readers, in each format."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.database import iso
from storage_service.records.export import Asked, workbook
from storage_service.records.export.csv_lines import line_of
from storage_service.records.export.sheet_rows import CHARACTERS_MOST, shortened
from storage_service.records.export.values import text_of
from support.exported import KEY, MOMENT, cells_of, csv_cells, csv_rows, json_lines, layout, sheets, written

BERLIN = ZoneInfo("Europe/Berlin")

HOSTILE = [
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("https://evil.example","here")',
    "@SUM(1)",
    "+A1",
    "-2+3",
    "\t=1",
    "\r\n=1",
    "https://evil.example",
    "mailto:a@b.example",
    "internal:Sheet2!A1",
    "{=1+1}",
    '<r></is></c><c r="A9"><f>1+1</f></c><c t="inlineStr"><is></r>',
    "<r><t>a</t></r>",
    "]]>",
    "<!--",
    "&lt;&amp;&#0;",
    "_x0041_",
    "_x000D_ \r",
    "a\x01\x08\x0b\x1f\x7f\x85\ufffe\uffff",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202etxt.exe",
    "\ufeffbom",
    "a\u2028b",
    'a"b',
    '","',
    "a;b",
    "a\rb\nc",
    " spaces ",
    "\n",
    "1e999",
    "00123",
    "12345678901234567890",
    "TRUE",
    "2026-13-45",
    "1899-12-31",
    "\U0001f600" * 3,
    "{{7*7}}${x}",
]
NAMES = ["id", "labels", "field.id", "other_fields", "", "=1+1", 'a"b', "a,b", "PLZ\nOrt", "\u202ea"]

TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
SOME_TEXTS = st.sampled_from(HOSTILE) | TEXTS
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | SOME_TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.dictionaries(st.sampled_from(NAMES) | TEXTS, VALUES, max_size=5)
DOCUMENTS = st.lists(FIELDS, max_size=4)


def shown(documents: list[dict[str, Any]], asked: Asked) -> list[list[str]]:
    """Return how the fields stand in a table, each as a text."""
    fields = layout(documents, asked).fields
    return [[text_of(one.get(name)) for name in fields] for one in documents]


@given(documents=DOCUMENTS)
def test_csv(documents: list[dict[str, Any]]) -> None:
    file = written(documents, Asked())
    titles, *rows = csv_cells(file)
    columns = layout(documents, Asked())
    assert titles == list(columns.headers)
    assert len(set(titles)) == len(titles)
    assert [row[: len(columns.fields)] for row in rows] == shown(documents, Asked())
    meta = [
        str(KEY),
        "signup",
        "2026-11-22T17:03:44.123456Z",
        "2026-11-22T17:03:44.123456Z",
        "new",
        "false",
        "",
        "",
        "",
    ]
    assert [row[len(columns.fields) :] for row in rows] == [meta] * len(documents)
    assert file.endswith(b"\r\n")


@given(documents=DOCUMENTS)
def test_ndjson_and_json(documents: list[dict[str, Any]]) -> None:
    *lines, last = json_lines(written(documents, Asked("ndjson")))
    assert [repr(one["fields"]) for one in lines] == [repr(one) for one in documents], "1 and 1.0 are not the same"
    assert last == {"complete": True, "rows": len(documents)}
    whole = json.loads(written(documents, Asked("json")))
    assert whole == {"submissions": lines, "complete": True, "rows": len(documents)}


@given(documents=DOCUMENTS)
def test_xlsx(documents: list[dict[str, Any]]) -> None:
    file = written(documents, Asked("xlsx"))
    fields = layout(documents, Asked("xlsx")).fields
    read = [list(row[: len(fields)]) for row in sheets(file)[0][1:]]
    assert [[_read(cell) for cell in row] for row in read] == [
        [_expected(one.get(name)) for name in fields] for one in documents
    ]
    assert {cell.get("t") for cell in cells_of(file)} <= {"inlineStr", None}
    assert not [one for cell in cells_of(file) for one in cell if one.tag.endswith("}f")], "a formula"


def _expected(value: Any) -> str:
    """Return what a cell shows: a spreadsheet has one kind of numbers, and no line ends but its own."""
    if isinstance(value, float) and abs(value) < 1e300:
        return repr(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15:
        return repr(float(value))
    return _readable(shortened(text_of(value)))


def _readable(text: str) -> str:
    """Return a text as the reader has it, which leaves two signs that are none as XlsxWriter writes them, too."""
    return text.replace("\ufffe", "_xFFFE_").replace("\uffff", "_xFFFF_")


def _read(cell: Any) -> str:
    if isinstance(cell, float):
        return repr(cell)
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def test_hostile_texts_are_texts_in_a_workbook() -> None:
    file = written([{"text": one} for one in HOSTILE], Asked("xlsx", columns=("text",)))
    assert [row[0] for row in sheets(file)[0][1:]] == [_readable(one) for one in HOSTILE]
    for name in (b"hyperlink", b"<f>", b"externalLink"):
        assert name not in file


def test_a_risky_text_stays_one_when_it_is_edited() -> None:
    file = written([{"text": "=1+1"}, {"text": "plain"}], Asked("xlsx", columns=("text",)))
    _, risky, plain = cells_of(file)
    assert (risky.get("s"), plain.get("s")) == ("4", None)


def test_numbers_days_and_moments_are_such_in_a_workbook() -> None:
    asked = Asked("xlsx", columns=("n", "big", "day", "accepted_at", "ip"), zone=BERLIN)
    values = {"n": -2.5, "big": 2**53 + 1, "day": "2026-11-22"}
    _, row = sheets(written([values], asked))[0]
    number, big, day, moment, ip = row
    assert (number, big, day, ip) == (-2.5, str(2**53 + 1), date(2026, 11, 22), "192.0.2.1")
    assert isinstance(moment, datetime)
    assert abs((moment - MOMENT.astimezone(BERLIN).replace(tzinfo=None)).total_seconds()) < 0.001


def test_what_does_not_fit_into_a_cell_is_cut_visibly() -> None:
    fits, too_long, wide = "a" * CHARACTERS_MOST, "b" * (CHARACTERS_MOST + 1), "\U0001f600" * CHARACTERS_MOST
    file = written([{"text": one} for one in (fits, too_long, wide)], Asked("xlsx", columns=("text",)))
    first, second, third = (row[0] for row in sheets(file)[0][1:])
    assert first == fits
    for cell, letter in ((second, "b"), (third, "\U0001f600")):
        assert cell.startswith(letter * 10_000)
        assert cell.endswith(f"… [cut: {CHARACTERS_MOST + (letter == 'b'):,} characters in all]")
        assert len(cell.encode("utf-16-le")) // 2 <= CHARACTERS_MOST


def test_a_sheet_that_is_full_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "ROWS_A_SHEET", 250)
    for count, sizes in ((0, [0]), (250, [250]), (251, [250, 1]), (750, [250, 250, 250])):
        file = written([{"n": one} for one in range(count)], Asked("xlsx", columns=("n",)))
        found = sheets(file)
        assert [len(one) - 1 for one in found] == sizes
        assert [one[0] for one in found] == [["n"]] * len(sizes)
        assert [row[0] for one in found for row in one[1:]] == list(range(count))


def test_csv_begins_with_a_mark_where_it_is_asked_for() -> None:
    assert written([], Asked(has_bom=True)).startswith("\ufeffid,form".encode())
    assert written([], Asked()).startswith(b"id,form")


def test_moments_are_in_the_zone_that_is_asked_for() -> None:
    for format_ in ("csv", "ndjson"):
        file = written([{}], Asked(format_, columns=("accepted_at",), zone=BERLIN))
        assert b"2026-11-22T18:03:44.123456+01:00" in file
        file = written([{}], Asked(format_, columns=("accepted_at",), zone=ZoneInfo("UTC")))
        assert b"2026-11-22T17:03:44.123456Z" in file


def test_named_columns_stand_in_their_order() -> None:
    names = ("stored_at", "b", "field.id", "id", "other_fields", "a")
    values = {"a": 1, "b": ["x", "y"], "id": "=1", "c": {"d": None}, "e": "f"}
    rows = csv_rows(written([values], Asked(columns=names)))
    assert rows[0] == list(names)
    assert rows[1][1:] == ['["x", "y"]', "'=1", str(KEY), '{"c": {"d": null}, "e": "f"}', "1"]
    document, _ = json_lines(written([values], Asked("ndjson", columns=("ip", "a", "field.id"))))
    assert document == {"ip": "192.0.2.1", "fields": {"a": 1, "id": "=1"}}


def test_json_has_all_that_is_known() -> None:
    stored = {"labels": '["a","b"]', "starred": 1, "assignee": "ada@example.org", "state": "done", "spam": "honeypot"}
    document, _ = json_lines(written([{"a": 1}], Asked("ndjson"), **stored))
    expected = {
        "id": str(KEY),
        "form": "signup",
        "accepted_at": "2026-11-22T17:03:44.123456Z",
        "stored_at": "2026-11-22T17:03:44.123456Z",
        "fields": {"a": 1},
        "fingerprint": "0" * 64,
        "source": {"ip": "192.0.2.1", "user_agent": None},
        "control": {},
        "spam": "honeypot",
        "receipt_url": None,
        "sealed": [],
        "score": None,
        "status": "done",
        "starred": True,
        "labels": ["a", "b"],
        "assignee": "ada@example.org",
        "replied_at": None,
        "version": 1,
        "imported_at": None,
        "opt_in": None,
        "opted_in_at": None,
        "opt_in_proof": None,
        "reasons": [],
        "files": [],
    }
    assert document == expected
    assert list(document) == list(expected)
    row = csv_rows(written([{}], Asked(), **stored))[1]
    assert row[4:] == ["done", "true", '["a", "b"]', "ada@example.org", "honeypot"]


def test_how_an_address_was_confirmed_is_in_json_with_its_proof() -> None:
    proof = '{"at": "2026-11-22T18:00:00Z", "ip": "192.0.2.9"}'
    stored = {"opt_in_state": "confirmed", "opted_in_at": iso(MOMENT), "opt_in_proof": proof}
    document, _ = json_lines(written([{}], Asked("ndjson"), **stored))
    assert (document["opt_in"], document["opted_in_at"]) == ("confirmed", "2026-11-22T17:03:44.123456Z")
    assert document["opt_in_proof"] == {"at": "2026-11-22T18:00:00Z", "ip": "192.0.2.9"}
    named = ("opt_in_state", "opted_in_at")
    assert csv_rows(written([{}], Asked(columns=named), **stored))[1] == ["confirmed", document["opted_in_at"]]
    assert csv_rows(written([{}], Asked(columns=named)))[1] == ["", ""]


def test_json_on_several_lines_is_put_on_one() -> None:
    stored = {"source": '{\n "ip": "192.0.2.1",\r\n "referer": "a\\nb"}'}
    document, last = json_lines(written([{}], Asked("ndjson"), **stored))
    assert document["source"] == {"ip": "192.0.2.1", "referer": "a\nb"}
    assert last["complete"]


_CELL = st.text(st.sampled_from("ab ,;\"'\n\r\t\x00\u2028é"), max_size=6)


@given(st.lists(_CELL, min_size=1, max_size=6))
def test_a_line_of_csv_is_the_standard_librarys(cells: list[str]) -> None:
    sink = StringIO(newline="")
    csv.writer(sink, lineterminator="\r\n").writerow(cells)
    assert line_of(cells) == sink.getvalue()
