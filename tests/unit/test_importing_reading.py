"""Records are read from tables and from JSON with their lines; what is none is named, and holds nothing up."""

from __future__ import annotations

import csv
import io
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage_service.importing import json_items
from storage_service.importing.csv_rows import CsvRows
from storage_service.importing.encodings import encoding_of
from storage_service.importing.found import RECORD_MOST, Found, NotTaken, Unreadable
from storage_service.importing.mapping import Columns, asked_of, check
from storage_service.importing.moments import BadMoment, Moments
from storage_service.importing.pieces import Pieces
from storage_service.importing.services import SERVICES
from storage_service.importing.source import open_source

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


def rows(text: str, delimiter: str = ",") -> list[Found | NotTaken]:
    return list(CsvRows(io.StringIO(text, newline=""), delimiter))


def shown(found: list[Found | NotTaken]) -> list[tuple[int, int, object]]:
    return [(one.first, one.last, one.values if isinstance(one, Found) else one.why) for one in found]


def test_lines_are_counted_as_they_stand_in_the_file() -> None:
    text = 'a,b\r\n1,"two\r\nlines"\r\n\r\n"",2\nx\n3,4'
    assert shown(rows(text)) == [
        (2, 3, {"a": "1", "b": "two\r\nlines"}),
        (5, 5, {"a": "", "b": "2"}),
        (6, 6, "1 cell, but the first line names 2 columns"),
        (7, 7, {"a": "3", "b": "4"}),
    ]


TABLES = st.lists(
    st.lists(st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"])), min_size=3, max_size=3),
    max_size=8,
)


@given(TABLES, st.sampled_from(["\n", "\r\n"]), st.sampled_from(",;\t|"))
def test_what_the_csv_module_writes_is_read_back(table: list[list[str]], end: str, delimiter: str) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator=end, delimiter=delimiter).writerows([["a", "b", "c"], *table])
    found = rows(written.getvalue(), delimiter)
    assert [list(one.values.values()) for one in found if isinstance(one, Found)] == table
    ends = [one.last for one in found]
    assert ends[-1:] == [written.getvalue().count("\n")][: len(ends)]


@given(st.text(st.sampled_from('ab",\n\r'), max_size=60))
def test_any_text_is_read_to_its_end_and_every_line_is_accounted_for(text: str) -> None:
    found = rows("a,b\n" + text)
    lines = [number for one in found for number in range(one.first, one.last + 1)]
    assert lines == sorted(set(lines)), "no line is in two records"
    blank = {number for number, line in enumerate(text.split("\n"), 2) if not line.strip("\r")}
    assert set(range(2, text.count("\n") + 2)) - set(lines) <= blank


def test_a_broken_quote_does_not_take_the_next_record_with_it() -> None:
    found = shown(rows('a,b\n1,"x"y\n2,z\n3,"never closed\n4,w\n'))
    assert found == [
        (2, 2, "a quote inside a cell that is not doubled"),
        (3, 3, {"a": "2", "b": "z"}),
        (4, 5, "a quote is opened and never closed: nothing from here on was read"),
    ]


def test_a_text_that_is_too_long_hides_no_rows_and_takes_no_time() -> None:
    fake = "2,forged\n"
    begun = time.monotonic()
    found = rows(
        'a,b\n1,"' + fake * (RECORD_MOST // len(fake) + 9) + '"\n3,real\n' + "4," + '""' * RECORD_MOST + "\n5,last\n"
    )
    assert [one.values if isinstance(one, Found) else None for one in found] == [
        None,
        {"a": "3", "b": "real"},
        None,
        {"a": "5", "b": "last"},
    ]
    assert time.monotonic() - begun < 60


def test_a_quote_at_the_end_of_a_piece_means_what_it_means_elsewhere() -> None:
    long = '"' + "x" * (RECORD_MOST - 2)  # with the quote behind it as much as is read at once
    for rest, ends in (('""\nwithin",2\n', 3), ('",2\n', 2)):
        found = rows(f"a,b\n{long}{rest}3,4\n")
        assert [(one.first, one.last) for one in found] == [(2, ends), (ends + 1, ends + 1)]
        assert isinstance(found[1], Found)


def test_no_piece_is_longer_than_a_record() -> None:
    pieces, text = Pieces(io.StringIO('"' * 1000 + "\n"), most=10), ""
    while piece := pieces.next():
        assert len(piece) <= 10
        text += piece
    assert (text, pieces.line) == ('"' * 1000 + "\n", 1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ('"a\nb', "first line"),
        ("name;email\n", "say --delimiter ';'"),
        ("name\temail\n", "say --delimiter tab"),
        ("a," * 1001 + "\n", "1,002 columns"),
        ("x" * 501 + "\n", "does it name the columns"),
    ],
)
def test_a_head_that_is_none_is_said(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        rows(text)


def test_columns_without_a_name_or_with_that_of_another_one_have_one_of_their_own() -> None:
    assert CsvRows(io.StringIO(" a ,,a,a\n", newline="")).columns == ("a", "column 2", "a (2)", "a (3)")


def document(text: str) -> list[Found | NotTaken]:
    return list(json_items.of_document(io.StringIO(text)))


def test_the_list_of_a_document_is_found_wherever_it_stands() -> None:
    items = [{"a": 1}, {"b": [1.5, {"c": None}]}]
    for whole in (items, {"x": {"submissions": 1}, "submissions": items}, {"data": {"id": 7, "submissions": items}}):
        for indent in (None, 2):
            found = document(json.dumps(whole, indent=indent))
            assert [one.values for one in found if isinstance(one, Found)] == items
    assert document('{"submissions": []}') == []


def test_an_item_that_is_no_record_is_named_and_the_next_is_read() -> None:
    found = shown(document('[\n{"a": 1, "a": 2},\n7,\n{"b":\n"\\u0000"},\n{"c": 1}\n]'))
    assert found == [
        (2, 2, "the name 'a' stands twice in one object"),
        (3, 3, "expected a JSON object"),
        (4, 5, "b: a NUL character (U+0000) cannot be stored"),
        (6, 6, {"c": 1}),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"a": 1}',
        "[{]",
        '[{"a": 1}',
        '{"submissions": [{"a"',
        "[" * 100_000,
        '["' + "x" * (RECORD_MOST + 70_000),
        "7",
    ],
)
def test_a_document_that_is_none_is_said_with_its_line(text: str) -> None:
    with pytest.raises(Unreadable, match="line 1"):
        document(text)


def test_lines_of_json_stand_for_themselves() -> None:
    text = '{"a": 1}\n\n{"a":\n[1]\n' + json.dumps({"a": "x" * RECORD_MOST}) + '\n{"a": 2}'
    found = shown(list(json_items.of_lines(io.StringIO(text))))
    assert [(first, why) for first, _, why in found] == [
        (1, {"a": 1}),
        (3, "not JSON: Expecting value"),
        (4, "expected a JSON object"),
        (5, f"more than {RECORD_MOST:,} characters"),
        (6, {"a": 2}),
    ]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file"


TEXT = "a,b\nZoë,„€“\n"


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '{"a":' + "[" * 100_000 + '], "submissions": []}'])
def test_a_file_that_nests_too_deeply_is_said(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(Unreadable, match="nested too deeply"):
        open_source(file, encoding_of(file, None), SERVICES["formspree"], ",")


@pytest.mark.parametrize(
    ("codec", "asked", "said"),
    [
        ("utf-8", None, "UTF-8"),
        ("utf-8-sig", None, "UTF-8, by the mark at its beginning"),
        ("utf-16", None, "UTF-16, by the mark at its beginning"),
        ("utf-16-be", "utf-16-be", "utf-16-be, as --encoding says"),
        ("cp1252", "windows-1252", "windows-1252, as --encoding says"),
    ],
)
def test_an_encoding_is_known_or_said(file: Path, codec: str, asked: str | None, said: str) -> None:
    file.write_bytes(TEXT.encode(codec))
    found = encoding_of(file, asked)
    assert found.name == said
    source = open_source(file, found, SERVICES["csv"], ",")
    assert [one.values for one in source.records if isinstance(one, Found)] == [{"a": "Zoë", "b": "„€“"}]
    source.close()


@pytest.mark.parametrize(
    ("content", "asked", "why"),
    [
        (TEXT.encode("cp1252"), None, "line 2 has the byte 0xEB.*'ë'.*--encoding windows-1252"),
        (TEXT.encode("utf-16-le"), None, "--encoding utf-16-le"),
        (TEXT.encode("utf-16-be"), None, "--encoding utf-16-be"),
        (TEXT.encode("utf-16"), "utf-8", "leave --encoding out"),
        (TEXT.encode("utf-32"), None, "UTF-32"),
        (b"a\nb\n\x81", "windows-1252", "line 3 has the byte 0x81"),
        (b"a\nb\n\x81", None, "line 3 has the byte 0x81, which is no UTF-8: save"),
    ],
)
def test_an_encoding_is_never_guessed(file: Path, content: bytes, asked: str | None, why: str) -> None:
    file.write_bytes(content)
    with pytest.raises(Unreadable, match=why):
        encoding_of(file, asked)


def test_all_of_a_file_is_looked_at_before_any_of_it_is_taken(file: Path) -> None:
    file.write_bytes(b"a\n" + b"x\n" * 1_500_000 + b"\xe9\n")
    with pytest.raises(Unreadable, match="line 1500002 has the byte 0xE9"):
        encoding_of(file, None)


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2018-11-03T07:28:29.707632", datetime(2018, 11, 3, 6, 28, 29, 707632, UTC)),
        ("2024-01-15T10:30:00Z", datetime(2024, 1, 15, 10, 30, tzinfo=UTC)),
        ("2024-01-15 10:30:00 UTC", datetime(2024, 1, 15, 10, 30, tzinfo=UTC)),
        ("2024-01-15 10:30:00 -0500", datetime(2024, 1, 15, 15, 30, tzinfo=UTC)),
        ("2024-07-15T10:30:00.123456789+02:00", datetime(2024, 7, 15, 8, 30, 0, 123456, UTC)),
        ("2025-12-22 10:30 AM", datetime(2025, 12, 22, 9, 30, tzinfo=UTC)),
        ("2025-12-22 12:05 a.m.", datetime(2025, 12, 21, 23, 5, tzinfo=UTC)),
        ("2025-12-22 12:05PM", datetime(2025, 12, 22, 11, 5, tzinfo=UTC)),
        ("2025-12-22", datetime(2025, 12, 21, 23, tzinfo=UTC)),
        ("22/12/2025, 10:30", datetime(2025, 12, 22, 9, 30, tzinfo=UTC)),
        ("2025-10-26 02:30", datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_in_its_zone(text: str, expected: datetime) -> None:
    assert Moments(BERLIN, "day-first", NOW).read(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("yesterday", "expected a date"),
        ("", "expected a date"),
        ("1" * 100_000, "expected a date"),
        ("2025-02-30 10:00", "no such"),
        ("2025-02-03 25:00", "no such"),
        ("2025-02-03 13:00 PM", "no such"),
        ("1989-12-31 23:00", "before 1990"),
        ("9999-12-31 23:59 -2300", "no such"),
        ("2025-01-01 10:00 +9900", "no such time zone"),
        ((NOW + timedelta(days=2)).isoformat(), "future"),
        ("2025-03-30 02:30", "put forward"),
        ("03-02-2021 21:30", "--dates day-first or --dates month-first"),
    ],
)
def test_a_text_that_is_no_moment_says_why(text: str, why: str) -> None:
    with pytest.raises(BadMoment, match=why):
        Moments(BERLIN, None, NOW).read(text)


def test_a_moment_without_a_zone_needs_one_to_be_said() -> None:
    with pytest.raises(BadMoment, match="--zone"):
        Moments(None, None, NOW).read("2025-01-01 10:00")


COLUMNS = ("Your name", "Your=mail", "at", "name")


def test_what_is_said_of_columns_is_read() -> None:
    asked = asked_of(["Your name=full=name", "Your=mail=email", "at=@time", "name="], COLUMNS)
    assert {name: str(target) for name, target in asked.items()} == {
        "Your name": "the field 'full=name'",
        "Your=mail": "the field 'email'",
        "at": "@time",
        "name": "nothing",
    }
    check(Columns(SERVICES["csv"], asked), COLUMNS)


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        (["Your nme=name"], "no column 'Your nme'. Did you mean 'Your name'"),
        (["YOUR NAME=name"], "Did you mean 'Your name'"),
        (["Your name"], "expected COLUMN=FIELD"),
        (["at=@tme"], "'@tme' is not known"),
        (["at=@time", "at=x"], "something is said of the column 'at' already"),
        (["at=" + "x" * 501], "at most 500"),
        (["at=a\nb"], "on one line"),
        (["Your name=name", "at=@time"], "the columns 'Your name' and 'name' are both the field 'name'"),
        ([], "no column says when something was submitted.*'Your name'"),
    ],
)
def test_what_is_wrong_about_columns_names_the_column_and_the_mend(texts: list[str], why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        check(Columns(SERVICES["csv"], asked_of(texts, COLUMNS)), COLUMNS)
