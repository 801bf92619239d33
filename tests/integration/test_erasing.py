"""What was erased is in no table any more, on both databases: its key is, and that, when and by whom it was erased."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, null, select

from counterfoil_ledger.balance import erased_ids
from shared.contracts import DeliveryMissing, Missing, SubmissionErased
from shared.database import reading
from shared.messaging.failures import Delivery
from shared.parked.parsing import ParkedMessage
from shared.query import parse
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.deliveries.resending import Resending
from storage_service.deliveries.returning import ReturnMissing
from storage_service.erasing import Erasing
from storage_service.erasing.parked import RefuseErased
from storage_service.erasing.rows import EMPTIED
from storage_service.queries import SubmissionQueries
from storage_service.records import Counting, Hints, Records
from storage_service.records.index.entries import entry_of
from storage_service.records.index.writing import write
from storage_service.tables import OUTBOX, PARKED, submission_trail, submissions
from storage_service.work import NotFound, Work
from support.erasures import CANARY, ERASER, ids_in_index, kept_everywhere, park, places_of
from support.events import ACCEPTED_AT, an_event
from support.resending import a_state, tell
from support.search_rows import found, indexed
from support.service import ROOT
from support.submission_databases import NOW, migrated, store
from support.working import an_asker, record_of

ERASED_AT = ACCEPTED_AT + timedelta(minutes=1)
KEPT = {"id", "form", "accepted_at", "stored_at", "version", "imported_at", "erased_at"}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def erasing(engine: Engine) -> Erasing:
    return Erasing(engine, audit=Audit(engine), clock=lambda: ERASED_AT)


def test_nothing_of_it_is_left_but_its_key_and_who_erased_it(engine: Engine, erasing: Erasing) -> None:
    event = kept_everywhere(engine)
    places = {
        "submissions",
        "conflicts",
        "submission_labels",
        "submission_notes",
        "submission_trail",
        "delivery_states",
        "search_fields",
        "search_words",
        "storage_parked",
        "storage_outbox",
    }
    assert places_of(engine, CANARY) == places, "it is not everywhere"
    assert erasing.erase([event.id], ERASER) == 1
    assert places_of(engine, CANARY) == set()
    assert places_of(engine, str(event.id)) == {"submissions", "submission_trail", "storage_outbox", "audit"}
    assert ids_in_index(engine) == 0


def test_of_others_everything_is_left(engine: Engine, erasing: Erasing) -> None:
    event, other = kept_everywhere(engine), kept_everywhere(engine, "otherzz")
    before, places = record_of(engine, other.id), places_of(engine, "otherzz")
    erasing.erase([event.id], ERASER)
    assert (record_of(engine, other.id), places_of(engine, "otherzz")) == (before, places)


def test_each_column_of_the_row_is_emptied_or_says_nothing_of_anybody(engine: Engine, erasing: Erasing) -> None:
    assert EMPTIED.keys() | KEPT == set(submissions.c.keys())
    event = kept_everywhere(engine)
    version = record_of(engine, event.id).version
    erasing.erase([event.id], ERASER)
    with reading(engine).connect() as connection:
        row = connection.execute(select(submissions)).one()
        assert connection.scalar(select(submissions.c.id).where(submissions.c.sealed.is_(null())))
    kept = {"id": event.id, "form": "contact", "version": version + 1, "imported_at": None, "erased_at": ERASED_AT}
    assert dict(row._mapping) == {
        **EMPTIED,
        **kept,
        "accepted_at": event.accepted_at,
        "stored_at": row.stored_at,
    }


def test_the_trail_says_who_and_when_and_of_the_steps_before_not_what(engine: Engine, erasing: Erasing) -> None:
    event = kept_everywhere(engine)
    erasing.erase([event.id], ERASER)
    with reading(engine).connect() as connection:
        steps = connection.execute(select(submission_trail).order_by(submission_trail.c.version)).all()
    assert [one.by for one in steps] == ["ada@example.org"] * 3 + ["dpo@example.org"]
    assert [one.changes for one in steps] == [{}, {}, {}, {"erased": True}]
    assert steps[-1].at == ERASED_AT
    [noted] = Audit(engine).page(10)
    assert (noted.by, noted.action, noted.on, noted.count) == ("dpo@example.org", "submission.erase", str(event.id), 1)


def test_notify_is_told_and_gets_nothing_else_of_it_any_more(engine: Engine, erasing: Erasing) -> None:
    event = kept_everywhere(engine)
    erasing.erase([event.id], ERASER)
    with reading(engine).connect() as connection:
        rows = connection.execute(select(OUTBOX.c.type, OUTBOX.c.body).order_by(OUTBOX.c.number)).all()
    assert [SubmissionErased.decode(bytes(row.body)) for row in rows if row.type == SubmissionErased.TYPE] == [
        SubmissionErased(event.id, ERASED_AT)
    ]
    assert len(rows) == 1


def test_nobody_sees_that_there_was_anything(engine: Engine, erasing: Erasing) -> None:
    event, other = kept_everywhere(engine), an_event(form="contact", name="Grace")
    store(engine, other)
    erasing.erase([event.id], ERASER)
    records, pages = Records(engine), SubmissionQueries(engine)
    assert records.one(event.id, None) is None
    assert [one.id for one in records.page(forms=None, limit=10).rows] == [other.id]
    assert (records.count(None, None).n, records.known([event.id], None)) == (1, [])
    assert (records.ids(None, None, 10), [one.id for one in records.each(None, None)]) == ([other.id], [other.id])
    assert records.arrived(None, None, datetime(2020, 1, 1, tzinfo=UTC), 10) == [other.id]
    assert Counting(engine).by_form(None)["contact"].all == 1
    assert Hints(engine).labels(None) == []
    assert pages.submission({"id": str(event.id)}) == {"submission": None}
    assert [one["id"] for one in pages.page({"form": "contact", "limit": 10})["submissions"]] == [str(other.id)]
    assert pages.receipt({"id": str(event.id)})["stored_at"] is None
    with pytest.raises(NotFound):
        Work(engine).note(event.id, "again", an_asker())


def test_only_what_may_be_seen_is_erased_and_that_once(engine: Engine, erasing: Erasing) -> None:
    events = [an_event(form=form) for form in ("contact", "contact", "signup")]
    store(engine, *sorted(events, key=lambda one: one.id.int))
    ids = [one.id for one in events]
    of_contact = Asker("ada", frozenset({"erase"}), frozenset({"contact"}))
    assert erasing.erase([*ids, uuid4()], of_contact) == 2
    assert erasing.erase(ids, of_contact) == 0
    assert record_of(engine, ids[2])
    assert [one.count for one in Audit(engine).page(10)] == [2]


def test_what_is_not_stored_yet_is_erased_too_where_that_is_asked_for(engine: Engine, erasing: Erasing) -> None:
    key = uuid4()
    assert erasing.erase([key], ERASER) == 0
    with pytest.raises(ValueError, match="who see all forms"):
        erasing.erase([key], replace(ERASER, forms=frozenset({"signup"})), unknown=True)
    assert erasing.erase([key], ERASER, unknown=True) == 1
    assert places_of(engine, str(key)) == {"submissions", "submission_trail", "storage_outbox", "audit"}
    assert Records(engine).count(None, None).n == 0


def _is_topic(name: str, _value: object) -> bool:
    return name == "topic"


def test_what_is_anonymous_keeps_choices_and_is_found_by_them(engine: Engine, erasing: Erasing) -> None:
    event = kept_everywhere(engine, topic="prices")
    with engine.begin() as connection:
        assert erasing.anonymise_within(connection, [event.id], {"contact": _is_topic}, ERASER) == 1
        assert erasing.anonymise_within(connection, [event.id], {}, ERASER) == 0
    assert places_of(engine, CANARY) == set()
    left = record_of(engine, event.id)
    assert (left.fields, left.labels, left.source, left.control) == ({"topic": "prices"}, (), {}, {})
    assert (left.accepted_at, left.starred) == (event.accepted_at, True)
    assert found(engine, parse("prices")) == found(engine, parse("field.topic:prices")) == {event.id}
    with reading(engine).connect() as connection:
        changes = list(connection.scalars(select(submission_trail.c.changes)))
        told = connection.scalars(select(OUTBOX.c.body).where(OUTBOX.c.type == SubmissionErased.TYPE)).all()
    assert changes == [{}, {}, {}, {"anonymised": True}]
    assert [SubmissionErased.decode(bytes(one)) for one in told] == [SubmissionErased(event.id, ERASED_AT)]


def test_what_is_anonymous_can_be_erased_after_all(engine: Engine, erasing: Erasing) -> None:
    event = kept_everywhere(engine, topic="prices")
    with engine.begin() as connection:
        erasing.anonymise_within(connection, [event.id], {"contact": _is_topic}, ERASER)
    assert erasing.erase([event.id], ERASER) == 1
    assert places_of(engine, "prices") == set()


def test_an_entry_that_was_made_before_is_not_written_after(engine: Engine, erasing: Erasing) -> None:
    gone, changed = (an_event(form="contact", name=f"{CANARY} {number}") for number in range(2))
    store(engine, *sorted([gone, changed], key=lambda one: one.id.int))
    indexed(engine)
    seen = {one.id: (NOW, None) for one in (gone, changed)}
    entries = {one.id: entry_of(one.fields, "") for one in (gone, changed)}
    erasing.erase([gone.id], ERASER)
    with engine.begin() as connection:
        erasing.anonymise_within(connection, [changed.id], {}, ERASER)
        assert write(connection, entries, 1, seen) == 0
    assert places_of(engine, CANARY) == set()


def test_the_ledger_finds_what_is_erased_by_its_key(engine: Engine, erasing: Erasing) -> None:
    event, other = an_event(), an_event()
    for one in (event, other):
        store(engine, one)
    erasing.erase([event.id], ERASER)
    assert erased_ids(engine.url.render_as_string(hide_password=False)) == {event.id}


def test_what_notify_tells_afterwards_is_not_kept_and_nothing_is_sent_again(engine: Engine, erasing: Erasing) -> None:
    event, anonymous = kept_everywhere(engine), kept_everywhere(engine)
    erasing.erase([event.id], ERASER)
    with engine.begin() as connection:
        erasing.anonymise_within(connection, [anonymous.id], {}, ERASER)
    assert tell(engine, a_state(event, words=CANARY), a_state(anonymous, words=CANARY)) == 0
    missing = DeliveryMissing(uuid4(), (Missing(event.id, uuid4(), "owner", ""),))
    ReturnMissing(engine)([Delivery(missing)])
    resending = Resending(engine, "ada")
    assert resending.request_channel(event.id, "owner") is False
    assert resending.request_channel(anonymous.id, "owner") is False
    assert resending.unknown([event.id]) == [event.id]
    with pytest.raises(NotFound):
        Work(engine).resend(event.id, "owner", an_asker())
    assert places_of(engine, CANARY) == set()


def test_a_copy_that_is_parked_afterwards_is_dropped(engine: Engine) -> None:
    event, other = kept_everywhere(engine), an_event(form="contact")
    Erasing(engine, clock=lambda: event.accepted_at).erase([event.id], ERASER)
    park(engine, event, refuse=RefuseErased(engine))
    park(engine, replace(event, accepted_at=event.accepted_at + timedelta(hours=1)), refuse=RefuseErased(engine))
    park(engine, other, refuse=RefuseErased(engine))
    with reading(engine).connect() as connection:
        assert connection.scalar(select(func.count()).select_from(PARKED.messages)) == 2


def test_a_copy_that_is_parked_just_then_is_dropped(engine: Engine, erasing: Erasing) -> None:
    event = an_event()
    store(engine, event)
    looks: list[bool] = []

    def refuse(_parking: ParkedMessage) -> bool:
        looks.append(bool(looks and erasing.erase([event.id], ERASER)))
        return looks[-1]

    park(engine, event, refuse=refuse)
    assert places_of(engine, "Lovelace") == set()


def test_after_a_vacuum_the_raw_file_has_nothing_of_it(sqlite_url: str, tmp_path: Path) -> None:
    """The statements are those of docs/privacy.md."""
    told = (ROOT / "docs" / "privacy.md").read_text()
    statements = re.findall(r"- SQLite: `(.*?)`", told)[0].rstrip(";").split("; ")
    with migrated(sqlite_url) as engine:
        event = kept_everywhere(engine)
        Erasing(engine).erase([event.id], ERASER)
        file = sqlite3.connect(str(engine.url.database), isolation_level=None)
        for statement in statements:
            file.execute(statement)
        file.close()
    files = list(tmp_path.glob("test.db*"))
    assert files
    assert not [file for file in files if CANARY.encode() in file.read_bytes()]
