"""Each service's export is taken as its documentation describes it: twice, with broken lines. docs/moving-in.md names
the sources of the files in `exports_of_others`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from storage_service.accounts.audit import Audit
from storage_service.tables import OUTBOX, submissions
from support.importing import Import, fields_of, imported
from support.submission_databases import migrated

FILES = Path(__file__).parent / "exports_of_others"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def importing(
    engine: Engine,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Import:
    assert engine
    return Import(database_url, tmp_path, monkeypatch, capsys)


ADA = {"name": "Ada Lovelace", "email": "ada@example.org"}
SEEN_BY_NETLIFY = {"ip": "192.0.2.1", "user_agent": "Mozilla/5.0", "referer": "https://example.org/contact"}

EXPECTED: dict[str, tuple[list[str], list[dict[str, Any]], list[str]]] = {
    "formspree.csv": (
        [],
        [
            *[
                {
                    "at": "2024-03-01T10:00:00.123456",
                    "fields": {"message": "The same", "name": "Ada"},
                    "control": {"reply_to": "ada@example.org"},
                }
            ]
            * 2,
            {
                "at": "2024-03-02T09:15:00",
                "fields": {"message": 'Two lines,\r\nand a "quote"', "name": "Ada Lovelace"},
                "control": {"subject": "Hello", "reply_to": "ada@example.org"},
            },
        ],
        [
            "line 6: date: expected a date and a time, such as 2026-11-22 17:03",
            "line 7: 2 cells, but the first line names 6 columns",
        ],
    ),
    "formspree.json": (
        [],
        [
            {"at": "2018-11-03T07:28:29.707632", "fields": {"email": "ada@example.org", "message": "asdfasdf"}},
        ],
        ["lines 18-22: no field has a value", "line 23: expected a JSON object"],
    ),
    "netlify.json": (
        [],
        [
            {
                "at": "2013-09-12T00:55:39",
                "fields": {**ADA, "message": "Hello", "cv": "https://example.org/cv.pdf"},
                "source": SEEN_BY_NETLIFY,
            }
        ],
        ["line 12: nothing says when it was submitted"],
    ),
    "netlify.csv": (
        ["--spam"],
        [
            {
                "at": "2013-09-12T00:55:39",
                "fields": {**ADA, "message": "Hello"},
                "source": SEEN_BY_NETLIFY,
                "spam": "imported",
            }
        ],
        ["line 3: 6 cells, but the first line names 7 columns"],
    ),
    "basin.json": (
        [],
        [
            {"at": "2024-01-15T10:31:00", "fields": {"message": "Buy now"}, "spam": "imported"},
            {
                "at": "2024-01-15T15:30:00",
                "fields": {**ADA, "attachments": ["https://example.org/1.pdf"]},
                "source": {"ip": "192.0.2.1", "user_agent": "Mozilla/5.0", "referer": "https://example.org/"},
            },
        ],
        ["line 7: spam: expected true or false"],
    ),
    "getform.json": (
        ["--zone", "Europe/Berlin", "--dates", "day-first"],
        [{"at": "2021-02-03T20:30:00", "fields": {**ADA, "message": "Getform API is cool!"}}],
        ["lines 13-17: submissionDate: there is no such date or time"],
    ),
    "web3forms.csv": (
        ["--zone", "America/New_York", *("--map", "Name=name"), *("--map", "Email=email")],
        [
            {
                "at": "2025-12-22T15:30:00",
                "fields": {**ADA, "Message": "Hello, I need help...", "Phone": "+1234567890"},
            },
            {
                "at": "2025-12-23T04:45:00",
                "fields": {
                    "name": "Ada",
                    "email": "ada@example.org",
                    "Message": "I have a question...",
                    "Phone": "+0987654321",
                },
            },
        ],
        ["line 4: Timestamp: there is no such date or time"],
    ),
    "web3forms.ndjson": (
        [],
        [
            {
                "at": "2025-12-22T10:30:00",
                "fields": {**ADA, "phone": "+1234567890", "message": "Hello"},
                "control": {"subject": "New Contact Form Submission"},
            }
        ],
        ["line 2: not JSON: Expecting value"],
    ),
    "opnform.csv": (
        ["--map", "Name=name", "--map", "Email=email"],
        [
            {
                "at": "2024-05-06T07:08:00",
                "fields": {
                    **ADA,
                    "Which ones": 'red,"blue, dark"',
                    "Files": "https://example.org/open/forms/1/submissions/file/a?signature=1",
                },
            }
        ],
        ["line 3: somebody began it, and never sent it"],
    ),
}
"""By file: what is said beside where it is from, what comes of it, and what is named as not taken."""


@pytest.mark.parametrize("name", EXPECTED)
def test_an_export_is_taken_once_however_often_it_is_imported(name: str, importing: Import, engine: Engine) -> None:
    further, expected, not_taken = EXPECTED[name]
    arguments = ["--from", name.partition(".")[0], "--form", "contact", *further]
    assert importing.run(FILES / name, *arguments, "--dry-run") == 1
    assert importing.complained == not_taken
    assert any(line.startswith(f"would be taken: {len(expected)}") for line in importing.said)
    assert imported(engine) == []
    assert importing.run(FILES / name, *arguments) == 1
    rows = imported(engine)
    assert [_as_expected(row) for row in rows] == [
        {"source": {}, "control": {}, "spam": None, **one} for one in expected
    ]
    assert all(row["form"] == "contact" and row["imported_at"] == row["stored_at"] for row in rows)
    assert importing.complained == not_taken
    assert importing.run(FILES / name, *arguments) == 1
    assert imported(engine) == rows
    assert f"here already: {len(rows)}" in importing.said
    assert [(one.action, one.on, one.count) for one in Audit(engine).page(10)] == [
        ("import.ended", "contact", 0),
        ("import.began", "contact", None),
        ("import.ended", "contact", len(rows)),
        ("import.began", "contact", None),
    ]
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(OUTBOX)) == 0


def _as_expected(row: Any) -> dict[str, Any]:
    def said(group: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in group.items() if value is not None}

    at = row["accepted_at"].replace(tzinfo=None).isoformat()
    return {
        "at": at,
        "fields": row["fields"],
        "source": said(row["source"]),
        "control": said(row["control"]),
        "spam": row["spam"],
    }


def test_every_service_has_a_file_or_is_documented_to_have_none() -> None:
    from storage_service.importing.services import SERVICES  # noqa: PLC0415

    assert {name.partition(".")[0] for name in EXPECTED} == SERVICES.keys() - {"csv", "ndjson", "counterfoil"}
    assert {file.name for file in FILES.iterdir()} == EXPECTED.keys()


def test_equal_ones_of_one_moment_are_all_kept_wherever_they_stand(importing: Import, engine: Engine) -> None:
    same, other = "2024-01-01 10:00,hello\n", "2024-01-02 10:00,hello\n"
    assert importing.csv("at,a\n" + same + other + same) == 0
    assert len(imported(engine)) == 3
    assert importing.csv("at,a\n" + other + same + same + same) == 0
    assert len(imported(engine)) == 4
    assert "taken: 1" in importing.said
    assert fields_of(imported(engine)) == [{"a": "hello"}] * 4


def test_the_count_in_the_table_is_that_of_the_report(importing: Import, engine: Engine) -> None:
    lines = "".join(f"2024-01-01 10:{n // 60:02}:{n % 60:02},{n}\n" for n in range(1500))
    assert importing.csv("at,a\n" + lines) == 0
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(submissions)) == 1500
    assert "taken: 1,500" in importing.said
