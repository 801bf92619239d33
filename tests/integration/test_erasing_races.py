"""What is added to a submission just when it is erased goes with it: who adds has locked the row, and is waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from shared.contracts import SubmissionAccepted, fingerprint
from storage_service.deliveries.resending import Resending
from storage_service.deliveries.selection import Selection
from storage_service.erasing import Erasing
from storage_service.records.index.entries import entry_of
from storage_service.records.index.writing import write
from storage_service.store.repository import SubmissionRepository
from storage_service.work import Change, Work
from support.erasures import CANARY, ERASER, places_of
from support.events import an_event
from support.polling import eventually
from support.resending import a_state, tell
from support.submission_databases import NOW, migrated, store
from support.working import an_asker

Adding = Callable[[Engine, SubmissionAccepted], AbstractContextManager[None]]


@contextmanager
def a_conflict(engine: Engine, event: SubmissionAccepted) -> Iterator[None]:
    other = {"name": f"{CANARY} again"}
    with SubmissionRepository(engine).transaction() as rows:
        rows.keep_conflicts([replace(event, fields=other, fingerprint=fingerprint(other))], received_at=NOW)
        yield


@contextmanager
def an_entry(engine: Engine, event: SubmissionAccepted) -> Iterator[None]:
    with engine.begin() as connection:
        assert write(connection, {event.id: entry_of(event.fields, "")}, 1) == 1
        yield


@contextmanager
def a_request(engine: Engine, event: SubmissionAccepted) -> Iterator[None]:
    tell(engine, a_state(event))
    with engine.begin() as connection:
        assert len(Resending(engine, "ada").request_within(connection, Selection(), UUID(int=0))) == 1
        yield


@contextmanager
def a_label(engine: Engine, event: SubmissionAccepted) -> Iterator[None]:
    written, go_on = Event(), Event()

    def reach(name: str) -> None:
        if name == "work-before-commit":
            written.set()
            assert go_on.wait(20)

    work = Work(engine, reach=reach)
    thread = Thread(target=work.change, args=(event.id, Change(labels=(CANARY,)), an_asker()))
    thread.start()
    assert written.wait(20)
    yield
    go_on.set()
    thread.join(20)


@pytest.mark.parametrize("adding", [a_conflict, an_entry, a_request, a_label])
def test_it_goes_too(postgres_url: str, adding: Adding) -> None:
    with migrated(postgres_url) as engine:
        event = an_event(name=CANARY)
        store(engine, event)
        erase = Thread(target=Erasing(engine).erase, args=([event.id], ERASER))
        with adding(engine, event):
            erase.start()
            eventually(lambda: _waiting(engine) == 1, 20, "the erasure waits")
        erase.join(20)
        assert places_of(engine, CANARY) == set()


def test_what_comes_while_it_is_erased_waits_and_is_refused(postgres_url: str) -> None:
    with migrated(postgres_url) as engine:
        event = an_event(name=CANARY)
        store(engine, event)
        other = {"name": f"{CANARY} again"}
        refused: list[SubmissionAccepted] = []

        def keep() -> None:
            with SubmissionRepository(engine).transaction() as rows:
                refused.extend(
                    rows.keep_conflicts([replace(event, fields=other, fingerprint=fingerprint(other))], received_at=NOW)
                )

        late = Thread(target=keep)
        with engine.begin() as connection:
            assert Erasing(engine).erase_within(connection, [event.id], ERASER) == 1
            late.start()
            eventually(lambda: _waiting(engine) == 1, 20, "the conflict waits")
        late.join(20)
        assert len(refused) == 1
        assert places_of(engine, CANARY) == set()


def test_batches_with_copies_of_what_was_erased_do_not_wait_for_each_other_in_a_circle(postgres_url: str) -> None:
    """Each keeps the row from being erased before it counts what it refuses there."""
    with migrated(postgres_url) as engine:
        old = an_event(name="old")
        store(engine, old)
        Erasing(engine, clock=lambda: old.accepted_at).erase([old.id], ERASER)
        new = replace(an_event(id=old.id, name="new"), accepted_at=old.accepted_at + timedelta(hours=1))
        beside = replace(an_event(id=old.id, name="beside"), accepted_at=new.accepted_at)
        with SubmissionRepository(engine).transaction() as rows:
            assert rows.fill([new], stored_at=NOW) == 1

        refused: list[SubmissionAccepted] = []

        def refuse() -> None:
            with SubmissionRepository(engine).transaction() as rows:
                refused.extend(rows.keep_conflicts([old], received_at=NOW))

        other = Thread(target=refuse)
        with SubmissionRepository(engine).transaction() as rows:
            assert rows.keep_conflicts([beside], received_at=NOW) == []
            other.start()
            other.join(20)
            assert refused == [old], "it waits for this one"
            assert rows.keep_conflicts([old], received_at=NOW) == [old]


def _waiting(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")) or 0
