"""An import brings nothing back, sends nothing, goes on where it was killed, and takes our own exports as they were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, func, select, update

from shared import database
from shared.contracts import Control, Source
from shared.forms import Form
from shared.query import parse
from shared.terminal import Refused
from storage_service.commands.program import whoever_types
from storage_service.console.known.standing import standing
from storage_service.erasing import Erasing
from storage_service.importing.rows import ImportedRows
from storage_service.importing.taken import Taken, Worked
from storage_service.records import Records
from storage_service.records.export import Asked, Exporter, Format
from storage_service.records.index.indexer import Indexer
from storage_service.tables import OUTBOX, SPAM, submission_labels, submissions
from storage_service.work import Change, Work
from support.events import an_event
from support.importing import FORMS, Import, fields_of, imported
from support.service import run
from support.submission_databases import migrated, store
from support.working import WORKED_AT, an_asker, labels_looked_up, record_of

LONG_AGO = datetime(2024, 1, 1, 10, 0, tzinfo=UTC)
LINES = "at,a\n" + "".join(f"2024-01-01 10:{n // 60:02}:{n % 60:02},number {n}\n" for n in range(200))


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


def outbox(engine: Engine) -> int:
    with database.reading(engine).connect() as connection:
        return connection.scalar(select(func.count()).select_from(OUTBOX)) or 0


def test_what_was_erased_is_not_brought_back(importing: Import, engine: Engine) -> None:
    assert importing.csv("at,a\n2024-01-01 10:00,one\n2024-01-01 10:01,two\n") == 0
    first = imported(engine)[0]
    with engine.begin() as connection:  # as an erasure leaves the row
        gone = update(submissions).where(submissions.c.id == first["id"])
        connection.execute(gone.values(erased_at=WORKED_AT, fields={}, fingerprint="0" * 64, imported_at=None))
    assert importing.csv("at,a\n2024-01-01 10:00,one\n2024-01-01 10:01,two\n2024-01-01 10:02,three\n") == 0
    assert "erased here, and not brought back: 1" in importing.said
    assert "here already: 1" in importing.said
    assert "taken: 1" in importing.said
    assert fields_of(imported(engine)) == [{}, {"a": "two"}, {"a": "three"}]


def test_what_was_made_anonymous_is_here_already(importing: Import, engine: Engine) -> None:
    assert importing.csv("at,a,b\n2024-01-01 10:00,one,x\n") == 0
    with engine.begin() as connection:
        connection.execute(update(submissions).values(anonymised_at=WORKED_AT, fields={"b": "x"}, fingerprint="0" * 64))
    assert importing.csv("at,a,b\n2024-01-01 10:00,one,x\n") == 0
    assert "here already: 1" in importing.said
    assert fields_of(imported(engine)) == [{"b": "x"}]


@pytest.mark.parametrize("place", ["import-before-commit", "import-after-commit"])
def test_one_that_was_killed_goes_on(place: str, importing: Import, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "forms.toml").write_text(FORMS, "utf-8")
    (tmp_path / "file.csv").write_text(LINES, "utf-8")
    settings = {"COUNTERFOIL_DATABASE_URL": importing.url, "COUNTERFOIL_FORMS": str(tmp_path / "forms.toml")}
    order = [
        "import",
        str(tmp_path / "file.csv"),
        "--from",
        "csv",
        "--form",
        "open",
        "--map",
        "at=@time",
        "--zone",
        "UTC",
    ]
    run("storage_service", *order, settings={**settings, "COUNTERFOIL_FAILPOINT": place}, exit_code=137)
    before = len(imported(engine))
    assert 0 <= before < 200
    assert (before > 0) == (place == "import-after-commit")
    run("storage_service", *order, settings=settings)
    assert sorted(one["a"] for one in fields_of(imported(engine))) == sorted(f"number {n}" for n in range(200))


def test_nothing_is_sent_of_it_then_or_later(importing: Import, engine: Engine) -> None:
    assert importing.csv("at,email\n2024-01-01 10:00,ada@example.org\n", "--spam") == 0
    [row] = imported(engine)
    assert row["spam"] == "imported"
    work = Work(engine, clock=lambda: WORKED_AT)
    work.not_spam(row["id"], an_asker())
    work.spam(row["id"], an_asker())
    work.not_spam(row["id"], an_asker())
    assert work.resend(row["id"], "confirmation", an_asker()) == 0
    record = record_of(engine, row["id"])
    assert (record.spam, record.imported_at) == (None, row["imported_at"])
    assert outbox(engine) == 0
    told = standing(record, Form("open", "Open"), {"deliveries": [], "confirmations": [], "webhooks": []})
    assert (told["confirmations"], told["webhooks"], told["unknown"]) == ([], [], [])


def test_it_is_found_by_words_and_as_imported(importing: Import, engine: Engine) -> None:
    here = an_event(name="somebody else")
    store(engine, here)
    assert importing.csv("at,a\n2024-01-01 10:00,needle\n") == 0
    indexer = Indexer(engine)
    while indexer.turn():
        pass
    [row] = [one for one in imported(engine) if one["imported_at"]]
    for text, expected in {"needle": row["id"], "is:imported": row["id"], "-is:imported": here.id}.items():
        assert [one.id for one in Records(engine).page(parse(text), forms=None, limit=10).rows] == [expected], text


@pytest.mark.parametrize("kind", ["csv", "ndjson", "json"])
def test_our_own_exports_are_taken_as_they_were(kind: Format, importing: Import, engine: Engine) -> None:
    odd: dict[str, Any] = {"name": "=1+1", "status": "a field", "field.x": "é\n,"}
    events = [
        replace(
            an_event(form="open", **odd),
            source=Source("192.0.2.1", "Mozilla", "https://example.org", "de"),
            control=Control("Hello", "ada@example.org"),
        ),
        replace(an_event(form="contact", message="'=quoted"), spam="honeypot"),
        an_event(form="elsewhere", a="b"),
    ]
    store(engine, *events)
    change = Change(state="done", starred=True, labels=("Urgent", "b"), assignee="ada@example.org")
    Work(engine, clock=lambda: WORKED_AT).change(events[0].id, change, an_asker())
    before = {row["id"]: row for row in imported(engine)}
    columns = None
    if kind == "csv":
        fields = ("name", "field.status", "field.field.x", "message", "a")
        known = ("id", "form", "accepted_at", "status", "starred", "labels", "assignee", "spam", "reply_to")
        columns = (*fields, *known, "ip", "user_agent", "referer", "language")
    exported = Exporter(Records(engine), {}).begin(None, None, Asked(kind, columns))
    file = b"".join(exported.chunks)
    with engine.begin() as connection:
        connection.execute(delete(submission_labels))
        connection.execute(delete(submissions))
    assert importing.run(file, "--from", "counterfoil") == 1
    assert [line for line in importing.complained if "'elsewhere'" in line], importing.complained
    after = {row["id"]: row for row in imported(engine)}
    assert after.keys() == {events[0].id, events[1].id}
    same = ("form", "accepted_at", "fields", "fingerprint", "source", "spam", "state", "starred", "labels", "assignee")
    for key, row in after.items():
        assert {name: row[name] for name in same} == {name: before[key][name] for name in same}
    assert labels_looked_up(engine, events[0].id) == {"urgent", "b"}
    assert after[events[0].id]["control"]["reply_to"] == "ada@example.org"
    assert importing.run(file, "--from", "counterfoil", "--form", "open") == 1
    assert "here already: 1" in importing.said


def test_an_export_of_ours_that_is_not_whole_is_said(importing: Import, engine: Engine) -> None:
    store(engine, an_event(form="open", a="b"))
    file = b"".join(Exporter(Records(engine), {}).begin(None, None, Asked("ndjson")).chunks)
    assert importing.run(file, "--from", "counterfoil") == 0
    assert importing.complained == []
    assert importing.run(file.splitlines()[0], "--from", "counterfoil") == 0
    assert any("not whole" in line for line in importing.complained)


def test_another_one_under_the_same_id_stays_and_is_named(importing: Import, engine: Engine) -> None:
    event = an_event(form="open", a="here")
    store(engine, event)
    file = b"".join(Exporter(Records(engine), {}).begin(None, None, Asked("ndjson")).chunks)
    assert importing.run(file.replace(b'"here"', b'"there"'), "--from", "counterfoil") == 1
    assert importing.complained == [f"line 1: another submission is here under its id, {event.id}"]
    assert fields_of(imported(engine)) == [{"a": "here"}]


@pytest.mark.parametrize(
    ("text", "arguments", "why"),
    [
        ("at,a\n", ["--form", "nowhere"], "there is no form 'nowhere' in .*There are: contact, open"),
        ("at,a\n", [], "--form: for which form is it\\? There are: contact, open"),
        ("at,a\n", ["--form", "open", "--map", "att=@time"], "no column 'att'. Did you mean 'at'"),
        ("at;a\n", ["--form", "open"], "say --delimiter ';'"),
        ("", ["--form", "open"], "the file is empty"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is(
    text: str, arguments: list[str], why: str, importing: Import, engine: Engine
) -> None:
    with pytest.raises(Refused, match=why):
        importing.run(text, "--from", "csv", *arguments)
    assert imported(engine) == []


def test_what_does_not_fit_the_form_is_taken_and_noted(importing: Import, engine: Engine) -> None:
    importing.forms = FORMS.replace('type = "email"', 'type = "email"\nrequired = true', 1)
    text = "at,name,email,Message,phone\n2024-01-01,Ada,nobody,hi,1\n2024-01-02,Bob,,,2\n"
    assert importing.csv(text, form="contact") == 0
    assert fields_of(imported(engine))[0] == {"name": "Ada", "email": "nobody", "Message": "hi", "phone": "1"}
    notes = {line.partition("): ")[2]: line for line in importing.said if "note," in line}
    assert notes.keys() == {
        "email: it is no mail address",
        "email: it is required, and has no value",
        "Message: the form has no such field; --map 'Message=message' makes it that one",
        "phone: the form has no such field",
    }
    assert "2 x (first on line 2)" in notes["phone: the form has no such field"]


def test_a_sealed_field_is_not_kept_in_the_clear(importing: Import, engine: Engine) -> None:
    importing.forms = FORMS + '[forms.sealed]\n[forms.sealed.fields.iban]\ntype = "text"\nsensitive = true\n'
    text = "at,iban,a\n2024-01-01,DE00,x\n2024-01-01,,y\n"
    assert importing.csv(text, form="sealed") == 1
    assert fields_of(imported(engine)) == [{"a": "y"}]
    assert "the form seals this field" in importing.complained[0]


def test_hostile_lines_are_named_and_cost_nothing_else(importing: Import, engine: Engine) -> None:
    good = "2024-01-01 10:00,good\n"
    bad = "2024-01-01 10:00,a\0b\n" + "9" * 5000 + ",x\n" + "2024-01-01 10:00,x,y\n" + '2024-01-01 10:00,"x"y\n'
    assert importing.csv("at,a\n" + good + bad + good) == 1
    assert fields_of(imported(engine)) == [{"a": "good"}] * 2
    assert [line.partition(":")[0] for line in importing.complained] == ["line 3", "line 4", "line 5", "line 6"]
    assert not any("9999" in line for line in importing.complained)


def test_many_that_are_not_taken_are_counted_and_not_all_named(importing: Import) -> None:
    assert importing.csv("at,a\n" + "never,x\n" * 500, "--show", "3") == 1
    assert len(importing.complained) == 4
    assert importing.complained[3].startswith("… and 497 more")
    assert "  500 x at: expected a date and a time, such as 2026-11-22 17:03" in importing.said


def test_what_is_erased_while_its_batch_is_written_keeps_nothing(postgres_url: str) -> None:
    with migrated(postgres_url) as engine:
        gone, taken = (Taken(n, n, an_event(form="open", a=str(n)), Worked("open", labels=("Ada",))) for n in (1, 2))

        def erase() -> datetime:
            """It is another one's, stored and erased since the batch was looked at."""
            store(engine, gone.event)
            Erasing(engine).erase([gone.id], an_asker())
            return WORKED_AT

        standing = ImportedRows(engine, erase, an_asker()).write([gone, taken])
        assert ([one.id for one in standing.new], [one.id for one in standing.erased]) == ([taken.id], [gone.id])
        rows = {row["id"]: row for row in imported(engine)}
        assert (rows[gone.id]["state"], rows[gone.id]["labels"]) == ("new", [])
        assert (rows[taken.id]["state"], rows[taken.id]["labels"]) == ("open", ["Ada"])
        with database.reading(engine).connect() as connection:
            assert connection.scalars(select(submission_labels.c.submission_id)).all() == [taken.id]


def test_what_people_said_elsewhere_of_spam_is_a_label_of_who_imports(importing: Import, engine: Engine) -> None:
    worked = ['"spam": "owner"', '"spam": "imported"', '"spam": "score"', '"status": "done"', '"status": "new"']
    lines = [
        f'{{"form": "open", "accepted_at": "2024-01-01T10:0{n}:00Z", "fields": {{"a": "{n}"}}, {told}}}'
        for n, told in enumerate(worked)
    ]
    assert importing.run("\n".join(lines), "--from", "counterfoil") == 0
    kept = select(submissions.c.fields, SPAM.labels).join_from(submissions, SPAM.labels)
    with database.reading(engine).connect() as connection:
        rows = connection.execute(kept).all()
    assert {row.fields["a"]: row.is_spam for row in rows} == {"0": True, "1": True, "3": False}
    assert {(row.how, row.author) for row in rows} == {("import", whoever_types().name)}
