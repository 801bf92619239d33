"""The index is filled behind the drain, by one process, and can be made anew while it is in use."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, delete, event, func, select, text

from shared.contracts import Control, Source, SubmissionAccepted
from shared.database import Lease
from shared.query import Needle, parse
from storage_service.records import Records
from storage_service.records.index import indexer as module
from storage_service.records.index.entries import TOKENS_BYTES_MOST, entry_of
from storage_service.records.index.facts import names
from storage_service.records.index.indexer import Indexer, rebuild
from storage_service.records.index.pace import REST, REST_MOST_S, rest_s
from storage_service.records.index.words import words_of
from storage_service.records.index.writing import forget, write
from storage_service.store.repository import SubmissionRepository
from storage_service.tables import LEASES, search_entries, search_fields, submissions
from support.events import an_event
from support.plans import plans_of, scans_in
from support.polling import eventually
from support.search_rows import found
from support.submission_databases import NOW, migrated, store


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def indexer(engine: Engine) -> Indexer:
    return Indexer(engine, clock=lambda: NOW)


def named(*names: str) -> list[SubmissionAccepted]:
    return [an_event(name=name) for name in names]


def words_in(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM search_words")).scalar_one())


def test_what_is_stored_is_found_after_the_next_turn(engine: Engine, indexer: Indexer) -> None:
    events = named("ada", "bob")
    store(engine, *events)
    assert found(engine, parse("ada")) == set()
    assert found(engine, parse("-ada")) == {one.id for one in events}, "in no index yet, so without the word"
    assert (indexer.turn(), indexer.turn()) == (2, 0)
    assert found(engine, parse("ada")) == {events[0].id}
    later = an_event(name="ada again")
    store(engine, later)
    assert indexer.turn() == 1
    assert found(engine, parse("ada")) == {events[0].id, later.id}


def test_all_of_many_come_into_it_some_at_a_time(
    engine: Engine, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 7)
    store(engine, *named(*["ada"] * 20))  # all at the same moment
    assert [indexer.turn() for _ in range(4)] == [7, 7, 6, 0]
    monkeypatch.setattr(module, "CHARACTERS_AT_ONCE", 1)
    store(engine, *named("bob", "bob"))
    assert [indexer.turn() for _ in range(3)] == [1, 1, 0]
    assert Records(engine).count(parse("ada OR bob"), None).n == 22


def test_what_becomes_visible_late_is_not_passed_over(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [NOW + timedelta(minutes=1)]
    indexer = Indexer(engine, clock=lambda: now[0])
    store(engine, an_event(name="early"))
    assert [indexer.turn() for _ in range(2)] == [1, 0]
    with SubmissionRepository(engine).transaction() as rows:  # it waited for a lock for most of a minute
        rows.insert([late := an_event(name="late")], stored_at=NOW + timedelta(seconds=5))
    now[0] += timedelta(seconds=30)
    monkeypatch.setattr(module, "LOOK_BACK_EVERY_S", 0.0)
    assert indexer.turn() == 1
    assert found(engine, parse("late")) == {late.id}


def test_only_one_process_works(engine: Engine, indexer: Indexer) -> None:
    store(engine, *named("ada"))
    with engine.begin() as connection:
        Lease(LEASES, "search").is_taken(connection, NOW)
    assert indexer.turn() == 0
    assert Indexer(engine, clock=lambda: NOW + timedelta(minutes=1)).turn() == 1, "the lease of who died ends"


def test_it_is_made_anew_while_it_is_in_use(engine: Engine, indexer: Indexer, monkeypatch: pytest.MonkeyPatch) -> None:
    events = named("ada 1", "ada 2", "ada 3")
    store(engine, *events)
    indexer.turn()
    everything = {one.id for one in events}
    rebuild(engine)
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 1)
    for _ in range(3):
        assert found(engine, parse("ada")) == everything
        assert indexer.turn() == 1
    assert (indexer.turn(), found(engine, parse("ada")), words_in(engine)) == (0, everything, 3)


def test_a_version_that_makes_other_tokens_makes_it_anew(
    engine: Engine, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(engine, *named("ada"))
    assert (indexer.turn(), indexer.turn()) == (1, 0)
    monkeypatch.setattr("storage_service.records.index.progress.VERSION", 99)
    assert (indexer.turn(), indexer.turn()) == (1, 0)


def test_it_is_told_how_far_behind_it_is(engine: Engine, indexer: Indexer) -> None:
    later = Indexer(engine, clock=lambda: NOW + timedelta(seconds=9))
    assert later.lag_s() == 0
    store(engine, *named("ada"))
    assert later.lag_s() == 9
    indexer.turn()
    assert later.lag_s() == 0


def test_what_is_deleted_leaves_nothing_and_does_not_come_back(engine: Engine, indexer: Indexer) -> None:
    ada, bob, carl = named("ada", "bob", "carl")
    store(engine, ada, bob, carl)
    indexer.turn()
    with engine.begin() as connection:
        connection.execute(delete(submissions).where(submissions.c.id == ada.id))
        forget(connection, [bob.id])
        entries = {one.id: entry_of(one.fields, "") for one in (ada, carl)}
        assert write(connection, entries, 1) == 1, "a submission that is no more gets no entry"
        assert connection.scalar(select(func.count()).select_from(search_entries)) == 1
        left = connection.scalar(select(func.count(search_fields.c.number.distinct())))
    assert (left, words_in(engine)) == (1, 1)
    assert found(engine, parse("ada OR bob OR carl")) == {carl.id}


def test_an_entry_waits_for_who_erases_its_submission(postgres_url: str) -> None:
    with migrated(postgres_url) as engine:
        [ada] = named("ada")
        store(engine, ada)
        written: list[int] = []

        def put() -> None:
            with engine.begin() as connection:
                written.append(write(connection, {ada.id: entry_of(ada.fields, "")}, 1))

        with engine.begin() as erasing:
            erasing.execute(submissions.update().values(form="other").where(submissions.c.id == ada.id))
            thread = threading.Thread(target=put)
            thread.start()
            waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            eventually(lambda: erasing.execute(waits).scalar_one() == 1, 10, "it waits for the row")
            erasing.execute(delete(submissions).where(submissions.c.id == ada.id))
        thread.join(10)
        assert written == [0]


def test_fields_that_must_not_be_found_are_not(engine: Engine) -> None:
    event = an_event(name="ada", email="secret@example.org", iban="DE7512345", age=41)
    store(engine, event)
    Indexer(engine, clock=lambda: NOW, sensitive=lambda form: {"signup": {"iban", "email", "age"}}[form]).turn()
    lines = "DE7512345 secret from:secret field.iban:DE7512345 field.age:>40 field.age:41 from:secret@example.org"
    assert [line for line in lines.split() if found(engine, parse(line))] == []
    assert found(engine, parse("ada")) == {event.id}


def test_of_too_many_different_words_the_first_are_kept(engine: Engine, indexer: Indexer) -> None:
    many = " ".join(f"{number:063d}" for number in range(TOKENS_BYTES_MOST // 63 + 100))
    event = replace(an_event(first="ada", text=many, last="zz"), id=uuid4())
    store(engine, event)
    assert indexer.turn() == 1
    assert (found(engine, parse("ada")), found(engine, parse("zz"))) == ({event.id}, set())


def test_it_works_beside_who_stores_and_gives_its_lease_back(engine: Engine) -> None:
    indexer = Indexer(engine, clock=lambda: NOW, look_every_s=0.01)
    thread = threading.Thread(target=indexer.run)
    thread.start()
    try:
        for _ in range(5):
            store(engine, *named(*["ada"] * 50))
        eventually(lambda: Records(engine).count(parse("ada"), None).n == 250, 60, "all are found")
        assert (indexer.stuck(), indexer.missing()) == ([], [])
    finally:
        indexer.stop()
        thread.join(10)
    assert not thread.is_alive()
    with engine.begin() as connection:
        assert connection.execute(select(LEASES)).all() == [], "the lease is given back"


def test_it_rests_only_while_more_comes_in_than_it_puts_in(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 5)
    indexer, seconds, put_in = Indexer(engine, clock=lambda: NOW), count(), Indexer._write

    def come(rows: int) -> None:
        with SubmissionRepository(engine).transaction() as repository:
            repository.insert(named(*["ada"] * rows), stored_at=NOW + timedelta(seconds=next(seconds)))

    def rests_after(meanwhile: int) -> bool:
        def write(*given: Any) -> int:
            come(meanwhile)
            return put_in(indexer, *given)

        monkeypatch.setattr(indexer, "_write", write)
        assert indexer.turn() == 5
        return indexer._pause_s() > 0

    come(25)
    assert not rests_after(0), "it catches up"
    assert not rests_after(4), "it is faster"
    assert rests_after(5)
    plans = plans_of(engine, lambda: rests_after(5))
    assert "submissions_by_storing" in "".join(plans)
    assert not scans_in(engine, plans), plans
    assert not rests_after(1), "what came before this turn was rested for"
    monkeypatch.undo()
    while indexer.turn():
        pass
    come(5)
    assert not rests_after(9), "it had all that there was"


def test_it_rests_by_what_a_turn_took_and_not_for_long() -> None:
    assert rest_s(0.1) == pytest.approx(0.1 * REST)
    assert rest_s(60) == REST_MOST_S


def test_its_transactions_are_short_on_sqlite(sqlite_url: str) -> None:
    taken: list[float] = []
    with migrated(sqlite_url) as engine:
        store(engine, *[an_event(name=f"word{n} " * 40, email=f"{n}@example.org") for n in range(1500)])
        begun = [0.0]
        event.listen(engine, "begin", lambda _: begun.__setitem__(0, time.thread_time()))
        event.listen(engine, "commit", lambda _: taken.append(time.thread_time() - begun[0]))
        indexer = Indexer(engine)
        while indexer.turn():
            pass
    assert len(taken) > 10
    assert sorted(taken)[len(taken) * 9 // 10] < 0.05, "nine of ten, by the processor's clock: others use the machine"


def test_what_names_a_mailbox_is_found_by_it_whatever_field_it_stands_in(engine: Engine, indexer: Indexer) -> None:
    """The words of an address are not enough: `a.d.a@gmail.com` has none of `ada@googlemail.com`'s but the last."""
    named = [
        an_event(email="bob@example.org", notes=["call", {"her": "A.D.A+x@gmail.com"}]),
        replace(an_event(email="bob@example.org"), control=Control(reply_to="ada@googlemail.com")),
        replace(an_event(email="bob@example.org"), source=Source(referer="https://example.org/?for=ada%40gmail.com")),
    ]
    store(engine, *named, an_event(email="bob@example.org", name="ada gmail com"))
    indexer.turn()
    words = words_of(engine.dialect.name)
    asked = (
        select(submissions.c.id)
        .select_from(words.joined())
        .where(words.have(Needle((names("ada@gmail.com"),), is_prefix=False)))
    )
    with engine.connect() as connection:
        assert set(connection.scalars(asked)) == {one.id for one in named}
