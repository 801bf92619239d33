"""`GET /v1/export`: files and refusals, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest
from sqlalchemy import Engine

from storage_service.records.export import Places
from support.console_app import ConsoleApp, a_console
from support.events import an_event
from support.exported import csv_rows, json_lines, sheets
from support.submission_databases import migrated, store


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        store(made, an_event(form="contact", name="Ada", text="=1+1"), an_event(form="signup", name="Bob"))
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path, exports=Places(2))


def test_each_format_comes_as_a_file(console: ConsoleApp) -> None:
    key = console.key("export")
    for format_, kind in (("csv", "text/csv"), ("ndjson", "application/x-ndjson"), ("json", "application/json")):
        answer = console.ask(f"/v1/export?q=form:contact&format={format_}&tz=Europe/Berlin", key)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"].startswith(kind)
        assert answer.headers["X-Rows-Expected"] == "1"
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="contact-2')
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Ada" in answer.text
    labelled = console.ask("/v1/export?columns=name,text,form&bom=1&labels=1", key)
    titles, *rows = csv_rows(labelled.data)
    assert titles == ["\ufeffYour name", "Text", "Form"]
    assert sorted(rows) == [["Ada", "'=1+1", "contact"], ["Bob", "", "signup"]]
    book = console.ask("/v1/export?format=xlsx&columns=name,text,form", key)
    assert sorted(sheets(book.data)[0][1:]) == [["Ada", "=1+1", "contact"], ["Bob", "", "signup"]]
    (last,) = console.parts.audit.page(1)
    assert (last.action, last.count) == ("export.xlsx", 2)


def test_a_key_gets_its_own_forms_alone(console: ConsoleApp) -> None:
    mine = console.key("export", forms=["signup"])
    document, last = json_lines(console.ask("/v1/export?format=ndjson", mine).data)
    assert (document["form"], last["rows"]) == ("signup", 1)
    assert console.ask("/v1/export?q=form:contact&format=ndjson", mine).data == b'{"complete":true,"rows":0}\n'
    assert b"Ada" not in console.ask("/v1/export", mine).data
    assert console.ask("/v1/export", console.key("read")).status_code == 403
    assert console.ask("/v1/export", None).status_code == 401


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("format=pdf", "format"),
        ("columns=a,,b", "columns"),
        ("columns=" + "a" * 10_001, "columns"),
        ('columns="a', "columns"),
        ("columns=" + ",".join(map(str, range(1001))), "columns"),
        ("tz=Mars/Olympus", "tz"),
        ("tz=localtime", "tz"),
        ("bom=yes", "bom"),
        ("labels=2", "labels"),
        ("count=some", "count"),
        ("q=is:nwe", "q"),
        ("q=" + "(" * 200, "q"),
        ("q=a&q=b", "q"),
        ("limit=5", None),
    ],
)
def test_a_wrong_parameter_is_named(console: ConsoleApp, query: str, field: str | None) -> None:
    assert console.refusal(f"/v1/export?{query}")[::2] == (400, field)


def test_a_key_of_very_many_forms_exports_too(console: ConsoleApp) -> None:
    forms = [f"{number:03}{token_hex(30)}" for number in range(99)]
    document, _ = json_lines(
        console.ask("/v1/export?format=ndjson", console.key("export", forms=[*forms, "signup"])).data
    )
    assert document["form"] == "signup"
    assert console.parts.audit.page(1)[0].on == "forms: the 100 of its key"
    console.ask("/v1/export", console.key("export", forms=["signup", "contact"]))
    assert console.parts.audit.page(1)[0].on == "forms: contact, signup"


def test_it_begins_at_once_where_nothing_has_to_be_counted(console: ConsoleApp) -> None:
    answer = console.ask("/v1/export?format=ndjson&count=0")
    assert "X-Rows-Expected" not in answer.headers
    assert json_lines(answer.data)[-1] == {"complete": True, "rows": 2}


def test_beyond_so_many_at_once_is_503_and_who_goes_makes_room(console: ConsoleApp) -> None:
    first, _other = console.ask("/v1/export"), console.ask("/v1/export")
    assert first.status_code == 200
    second = console.ask("/v1/export?format=json")
    assert (second.status_code, second.headers["Retry-After"]) == (503, "30")
    first.close()
    assert console.refusal("/v1/export?q=is:nwe")[0] == 400
    for _ in range(3):
        third = console.ask("/v1/export?format=xlsx")
        assert third.status_code == 200
        assert third.data
        third.close()
