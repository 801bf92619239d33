"""Exports of real databases: all of it, in order, in little memory, and visibly broken where it broke."""

from __future__ import annotations

import gc
import io
import itertools
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zipfile import is_zipfile

import pytest
from sqlalchemy import Engine, QueuePool, text

from bench.many_submissions import fill
from shared.contracts import Source, SubmissionAccepted, SubmittedFile
from shared.forms import Field, Form
from shared.messaging.failures import DependencyUnavailable
from shared.query import parse
from storage_service.records import Records, batches
from storage_service.records.export import Asked, Exporter, Format
from support.events import WRITTEN_AT, a_file, an_event, with_files
from support.exported import csv_rows, json_lines, sheets
from support.search_rows import indexed, scored
from support.submission_databases import NOW, migrated, store

FORMATS: tuple[Format, ...] = ("csv", "ndjson", "json", "xlsx")
FORMS = {"signup": Form("signup", "Signup", {"email": Field("email", "email"), "name": Field("name", "text")})}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


def exporter(engine: Engine) -> Exporter:
    return Exporter(Records(engine), FORMS, clock=lambda: NOW + timedelta(minutes=1))


def exported(
    engine: Engine, query: str = "", forms: frozenset[str] | None = None, **asked: Any
) -> tuple[int | None, bytes]:
    begun = exporter(engine).begin(parse(query), forms, Asked(**asked))
    return begun.expected, b"".join(begun.chunks)


def numbered(number: int, **more: Any) -> SubmissionAccepted:
    event = an_event(form=more.pop("form", "signup"), name=str(number), **more)
    return replace(event, accepted_at=WRITTEN_AT + timedelta(microseconds=number // 3), source=Source("192.0.2.1"))


def names(file: bytes, format_: Format) -> list[str]:
    """Return the field `name` of each row."""
    if format_ == "csv":
        return [row[1] for row in csv_rows(file)[1:]]
    if format_ == "xlsx":
        return [str(row[1]) for row in sheets(file)[0][1:]]
    documents = json_lines(file)[:-1] if format_ == "ndjson" else json.loads(file)["submissions"]
    return [one["fields"]["name"] for one in documents]


@pytest.mark.parametrize("format_", FORMATS)
def test_all_is_there_once_newest_first(engine: Engine, format_: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 4)
    store(engine, *map(numbered, range(14)))
    everything = [str(one.fields["name"]) for one in Records(engine).each(None, None)]
    expected, file = exported(engine, format=format_)
    assert expected == 14
    assert names(file, format_) == everything


def test_columns_and_cells(engine: Engine) -> None:
    store(engine, numbered(3, guests=2, email="=1+1", tags=["a", "b"]), numbered(0, other={"x": None}))
    _, file = exported(engine)
    first, second, third = csv_rows(file)
    meta = ["id", "form", "accepted_at", "stored_at", "status", "starred", "labels", "assignee", "spam"]
    assert first == ["email", "name", "guests", "tags", "other", *meta]
    assert second[:5] == ["'=1+1", "3", "2", '["a", "b"]', ""]
    assert third[:5] == ["", "0", "", "", '{"x": null}']
    assert second[6:] == [
        "signup",
        "2026-11-22T17:03:44.123457Z",
        "2026-11-22T18:00:00.000000Z",
        "new",
        "false",
        "",
        "",
        "",
    ]


@pytest.mark.parametrize("format_", ["csv", "xlsx", "ndjson"])
def test_the_score_is_a_column_for_who_asks_for_it(engine: Engine, format_: Format) -> None:
    store(engine, numbered(3), scored(numbered(0), 97))
    _, file = exported(engine, format=format_, columns=("name", "score"))
    if format_ == "ndjson":
        assert [one.get("score") for one in json_lines(file)[:2]] == [None, 97]
    else:
        rows = csv_rows(file) if format_ == "csv" else sheets(file)[0]
        assert [one or None for _, one in rows] == ["score", None, "97" if format_ == "csv" else 97]


def test_json_says_why_it_scores_so(engine: Engine) -> None:
    store(engine, scored(numbered(0), 97))
    document, _ = json_lines(exported(engine, format="ndjson")[1])
    assert document["score"] == 97
    assert [one["code"] for one in document["reasons"]] == [*scored(numbered(0), 97).verdict.reasons]  # type: ignore[union-attr]
    assert all(one["words"] for one in document["reasons"])


def test_ndjson_says_the_same_on_both_databases(engine: Engine) -> None:
    event = numbered(1, guests=1.0, text="ä\u2028\n", big=2**53 + 1)
    store(engine, event)
    document, last = json_lines(exported(engine, format="ndjson")[1])
    assert repr(document.pop("fields")) == repr(event.fields)
    assert document.pop("source") == {"ip": "192.0.2.1", "user_agent": None, "referer": None, "language": None}
    assert document == {
        "id": str(event.id),
        "form": "signup",
        "accepted_at": "2026-11-22T17:03:44.123456Z",
        "stored_at": "2026-11-22T18:00:00.000000Z",
        "fingerprint": event.fingerprint,
        "control": {"subject": None, "reply_to": None, "captcha": None},
        "spam": None,
        "score": None,
        "receipt_url": None,
        "sealed": [],
        "status": "new",
        "starred": False,
        "labels": [],
        "assignee": None,
        "replied_at": None,
        "version": 1,
        "imported_at": None,
        "opt_in": None,
        "opted_in_at": None,
        "opt_in_proof": None,
        "reasons": [],
        "files": [],
    }
    assert last == {"complete": True, "rows": 1}


def test_files_are_told_by_name_in_a_column_of_their_field(engine: Engine) -> None:
    having = with_files(numbered(9, photo="typed"), a_file(name="=cmd.pdf"), *map(photo, (2, 3)))
    store(engine, having, with_files(numbered(6), a_file(name="b.pdf")), numbered(3, cv="old"))
    _, file = exported(engine)
    first, *rows = csv_rows(file)
    assert first[:4] == ["email", "name", "photo", "cv"]
    assert [row[2:4] for row in rows] == [["typed, 2.jpg, 3.jpg", "'=cmd.pdf"], ["", "b.pdf"], ["", "old"]]
    [titles, *told] = sheets(exported(engine, format="xlsx")[1])[0]
    assert [row[titles.index("cv")] for row in told] == ["=cmd.pdf", "b.pdf", "old"]
    chosen = csv_rows(exported(engine, columns=("cv", "id"))[1])
    assert [row[0] for row in chosen] == ["cv", "'=cmd.pdf", "b.pdf", "old"]


@pytest.mark.parametrize("format_", ["ndjson", "json"])
def test_files_are_a_list_of_a_document(engine: Engine, format_: Format) -> None:
    having, bare = with_files(numbered(6), a_file(scan="clean"), photo(2)), numbered(3)
    store(engine, having, bare)

    def documents(**asked: Any) -> list[dict[str, Any]]:
        file = exported(engine, format=format_, **asked)[1]
        found: list[dict[str, Any]] = json_lines(file)[:-1] if format_ == "ndjson" else json.loads(file)["submissions"]
        return found

    first, second = documents()
    url = f"/v1/submissions/{having.id}/files"
    assert [(one["number"], one["name"], one["url"]) for one in first["files"]] == [
        (1, "cv.pdf", f"{url}/1"),
        (2, "2.jpg", f"{url}/2"),
    ]
    assert set(first["files"][0]) == {"number", "field", "name", "type", "size", "sha256", "scan", "url"}
    assert (first["fields"], second["files"]) == (having.fields, [])
    some = documents(columns=("id", "photo"))
    assert [[one["name"] for one in each.get("files", [])] for each in some] == [["2.jpg"], []]


def photo(number: int) -> SubmittedFile:
    return a_file(field="photo", name=f"{number}.jpg", number=number)


def test_only_what_is_asked_for_and_may_be_seen(engine: Engine) -> None:
    store(engine, numbered(1), numbered(4, form="other"), numbered(9, form="third", secret="x"))
    indexed(engine)
    assert names(exported(engine, "form:signup OR 4")[1], "csv") == ["4", "1"]
    expected, file = exported(engine, forms=frozenset({"signup", "other"}), format="ndjson")
    assert (expected, names(file, "ndjson")) == (2, ["4", "1"])
    assert b"secret" not in exported(engine, forms=frozenset({"signup"}))[1]
    assert exported(engine, forms=frozenset(), format="json") == (0, b'{"submissions":[\n],"complete":true,"rows":0}\n')


def test_nothing_found_is_a_file_with_the_columns_of_the_form_that_was_named(engine: Engine) -> None:
    expected, file = exported(engine, "form:signup last:1d")
    assert expected == 0
    assert csv_rows(file)[0][:3] == ["email", "name", "id"]
    assert exporter(engine).begin(parse("form:signup"), None, Asked()).file_name == "signup-2026-11-22.csv"
    assert exporter(engine).begin(None, None, Asked("xlsx")).file_name == "submissions-2026-11-22.xlsx"


def test_what_comes_later_is_not_in_it(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 2)
    store(engine, *map(numbered, range(5)))
    begun = exporter(engine).begin(None, None, Asked("ndjson"))
    chunks = iter(begun.chunks)
    first = next(chunks)
    with engine.begin() as connection:  # a minute later
        connection.execute(
            text(
                "UPDATE submissions SET stored_at = :later WHERE fields LIKE '%\"0\"%'"
                if engine.dialect.name == "sqlite"
                else "UPDATE submissions SET stored_at = :later WHERE fields::text LIKE '%\"0\"%'"
            ),
            {"later": "2026-11-22T18:02:00.000000Z"},
        )
    assert begun.expected == 5
    assert json_lines(first + b"".join(chunks))[-1] == {"complete": True, "rows": 4}


@pytest.mark.parametrize("format_", FORMATS)
def test_a_file_that_broke_off_does_not_end_as_a_whole_one(
    engine: Engine, format_: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 2)
    store(engine, *map(numbered, range(5)))
    begun = exporter(engine).begin(None, None, Asked(format_))
    chunks = begun.chunks
    taken = [next(chunks)] if "json" in format_ else []  # of the others this is one chunk
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE submissions RENAME TO away"))
    with pytest.raises(DependencyUnavailable):
        taken += chunks
    file = b"".join(taken)
    assert b"complete" not in file
    assert not is_zipfile(io.BytesIO(file))


@pytest.mark.parametrize("format_", FORMATS)
def test_memory_does_not_grow_with_the_rows(engine: Engine, format_: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 250)
    fill(engine, 8_000)
    few = peak_bytes(engine, format_, "field.guests:<25")
    many = peak_bytes(engine, format_, "")
    assert many < few * 1.3 + 200_000, "four times the rows"


def peak_bytes(engine: Engine, format_: Format, query: str) -> int:
    """Return the most memory that Python held while an export was made and thrown away: garbage is not counted."""
    gc.collect()
    gc.freeze()  # what is there before need not be looked through for each chunk
    tracemalloc.start()
    try:
        begun = Exporter(Records(engine), {}).begin(parse(query), None, Asked(format_))
        size = 0
        for chunk in begun.chunks:
            size += len(chunk)
            gc.collect()
        assert begun.expected == (8_000 if not query else 2_000)
        assert size
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_rows_are_read_in_short_transactions(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 2)
    store(engine, *map(numbered, range(5)))
    for chunk in itertools.islice(exporter(engine).begin(None, None, Asked("ndjson")).chunks, 2):
        assert chunk
        assert isinstance(engine.pool, QueuePool)
        assert engine.pool.checkedout() == 0
