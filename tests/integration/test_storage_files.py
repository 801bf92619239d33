"""The rows of files, on both databases: written with their submission, read with it, and gone with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, func, select, update

from shared.contracts import ERASED_GRACE, DeliveryRequested, SubmissionAccepted
from shared.database import reading
from shared.messaging.failures import Delivery
from storage_service.deliveries.resending import Resending
from storage_service.erasing import Erasing
from storage_service.erasing.parked import RefuseErased
from storage_service.files import StoredFile, files_of, files_of_conflicts
from storage_service.files import rows as files
from storage_service.store.handler import StoreSubmissions
from storage_service.store.repository import SubmissionRepository
from storage_service.tables import FILES, OUTBOX, submissions
from support.erasures import ERASER, park, places_of
from support.events import ACCEPTED_AT, a_file, an_event, with_files
from support.submission_databases import NOW, migrated, store

CV, PHOTO = a_file(), a_file(field="photo", name="me.jpg", type="image/jpeg", size=2**40, scan="clean", number=2)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


def receive(engine: Engine, *events: SubmissionAccepted) -> None:
    """Have the handler store a batch."""
    handler = StoreSubmissions(
        SubmissionRepository(engine), announce=lambda _: None, clock=lambda: NOW, reach=lambda _: None
    )
    handler([Delivery(one) for one in events])


def own(engine: Engine, one: SubmissionAccepted) -> list[StoredFile]:
    with reading(engine).connect() as connection:
        return list(files_of(connection, [one.id]).get(one.id, ()))


def count(engine: Engine, one: SubmissionAccepted) -> int:
    with reading(engine).connect() as connection:
        found: int = connection.scalars(select(submissions.c.file_count).where(submissions.c.id == one.id)).one()
    return found


def removals(engine: Engine) -> set[str]:
    with reading(engine).connect() as connection:
        return set(connection.scalars(select(FILES.removals.c.key)))


def row_count(engine: Engine) -> int:
    with reading(engine).connect() as connection:
        return connection.scalar(select(func.count()).select_from(FILES.files)) or 0


def test_they_are_read_as_they_were_told_in_their_order(engine: Engine) -> None:
    first, bare = with_files(an_event(), CV, PHOTO), an_event()
    receive(engine, first, bare)
    found = own(engine, first)
    assert [one.number for one in found] == [1, 2]
    assert tuple(one.submitted for one in found) == first.files
    assert (count(engine, first), count(engine, bare), own(engine, bare)) == (2, 0, [])


def test_of_the_same_twice_the_first_ones_are_kept_and_of_another_both(engine: Engine) -> None:
    first = with_files(an_event(), CV)
    again = with_files(first, replace(CV, key="signup/2026-11-30/again/1"))
    other = with_files(an_event(id=first.id), replace(CV, key="signup/2026-11-30/other/1", sha256="1" * 64), PHOTO)
    for _ in range(2):
        receive(engine, first, again, other)
        receive(engine, again)
    assert tuple(one.submitted for one in own(engine, first)) == first.files
    with reading(engine).connect() as connection:
        beside = files_of_conflicts(connection, first.id)
    assert {mark: tuple(one.submitted for one in some) for mark, some in beside.items()} == {
        other.fingerprint: other.files
    }
    assert (count(engine, first), row_count(engine), removals(engine)) == (1, 3, set())


def test_erasing_takes_all_of_them_and_tells_what_is_to_leave_the_store(engine: Engine) -> None:
    first, stays = with_files(an_event(), CV), with_files(an_event(), a_file())
    other = with_files(an_event(id=first.id), replace(PHOTO, sha256="1" * 64))
    parked = with_files(an_event(id=first.id), a_file(name="parked.pdf"))
    receive(engine, first, other, stays)
    park(engine, parked)
    Erasing(engine, clock=lambda: NOW).erase([first.id], ERASER)
    assert removals(engine) == {one.key for event in (first, other, parked) for one in event.files}
    assert (row_count(engine), count(engine, first), count(engine, stays)) == (1, 0, 1)
    assert places_of(engine, CV.name) == {"submission_files"}, "that which stays is called so too"
    assert places_of(engine, PHOTO.name) == set()


def test_what_is_made_anonymous_loses_its_files(engine: Engine) -> None:
    one = with_files(an_event(), CV, PHOTO)
    receive(engine, one)
    with engine.begin() as connection:
        assert Erasing(engine).anonymise_within(connection, [one.id], {}, ERASER) == 1
    assert (row_count(engine), count(engine, one), removals(engine)) == (0, 0, {CV.key, PHOTO.key})
    receive(engine, one)  # its event, once more
    assert (row_count(engine), count(engine, one), removals(engine)) == (0, 0, {CV.key, PHOTO.key})


def test_an_erasure_that_does_not_commit_takes_nothing(engine: Engine) -> None:
    one = with_files(an_event(), CV)
    receive(engine, one)

    def fail(_name: str) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Erasing(engine, reach=fail).erase([one.id], ERASER)
    assert (row_count(engine), count(engine, one), removals(engine)) == (1, 1, set())


def test_what_comes_after_its_erasure_is_given_up_and_what_is_new_is_kept(engine: Engine) -> None:
    old = with_files(an_event(), CV)
    Erasing(engine, clock=lambda: ACCEPTED_AT).erase([old.id], ERASER, unknown=True)
    after = ACCEPTED_AT + ERASED_GRACE + timedelta(seconds=1)
    new = replace(with_files(old, replace(CV, key="signup/2026-11-30/new/1")), accepted_at=after)
    receive(engine, old, new)
    receive(engine, old)
    assert tuple(one.submitted for one in own(engine, new)) == new.files
    assert count(engine, new) == 1
    assert new.files[0].key not in removals(engine)


def test_what_was_erased_before_it_came_is_in_no_row(engine: Engine) -> None:
    one = with_files(an_event(), CV)
    Erasing(engine, clock=lambda: ACCEPTED_AT).erase([one.id], ERASER, unknown=True)
    receive(engine, one, with_files(an_event(), PHOTO))
    assert (row_count(engine), removals(engine)) == (1, {CV.key})


def test_the_erasure_of_a_file_of_erasures_takes_them_too(engine: Engine) -> None:
    one = with_files(an_event(), CV)
    receive(engine, one)
    assert Erasing(engine).again({one.id: ACCEPTED_AT}, ERASER) == 1
    assert (row_count(engine), removals(engine)) == (0, {CV.key})


def test_what_would_be_parked_of_something_erased_is_given_up(engine: Engine) -> None:
    one, other = with_files(an_event(), CV), with_files(an_event(), PHOTO)
    Erasing(engine, clock=lambda: ACCEPTED_AT).erase([one.id], ERASER, unknown=True)
    park(engine, one, refuse=RefuseErased(engine))
    park(engine, other, refuse=RefuseErased(engine))
    assert removals(engine) == {CV.key}


def test_a_key_that_a_row_has_is_never_given_up(engine: Engine) -> None:
    one = with_files(an_event(), CV)
    receive(engine, one)
    with engine.begin() as connection:
        files.give_up(connection, [CV.key, PHOTO.key, PHOTO.key], NOW)
        files.give_up(connection, [PHOTO.key], NOW)
    assert removals(engine) == {PHOTO.key}


def test_batches_without_files_send_no_statement_of_theirs(engine: Engine) -> None:
    said: list[str] = []
    listener = lambda *told: said.append(told[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", listener)
    first = an_event()
    receive(engine, first, first, an_event(id=first.id, name="Grace"), an_event())
    event.remove(engine, "before_cursor_execute", listener)
    assert said
    assert not [one for one in said if "submission_files" in one or "file_removals" in one]


def test_one_that_is_erased_meanwhile_gets_no_files(postgres_url: str) -> None:
    with migrated(postgres_url) as engine:
        one = with_files(an_event(), CV)
        store(engine, replace(one, files=()))
        with engine.begin() as erasing:
            erasing.execute(select(submissions.c.id).where(submissions.c.id == one.id).with_for_update())
            meanwhile = threading.Thread(target=receive, args=(engine, one))
            meanwhile.start()
            meanwhile.join(0.5)
            assert meanwhile.is_alive(), "it waits for whoever erases"
            erasing.execute(update(submissions).where(submissions.c.id == one.id).values(erased_at=NOW))
        meanwhile.join(20)
        assert (row_count(engine), removals(engine)) == (0, {CV.key})


def test_many_are_read_at_once(engine: Engine) -> None:
    all_of_them = [with_files(an_event(), a_file(), a_file(number=2)) for _ in range(1200)]
    receive(engine, *all_of_them)
    with reading(engine).connect() as connection:
        found = files_of(connection, {one.id for one in all_of_them})
    assert {key: tuple(one.submitted for one in some) for key, some in found.items()} == {
        one.id: one.files for one in all_of_them
    }


def test_what_is_sent_again_carries_them(engine: Engine) -> None:
    one = with_files(an_event(), CV, PHOTO)
    receive(engine, one)
    assert Resending(engine, "ada").request_channel(one.id, "owner")
    with reading(engine).connect() as connection:
        body = connection.scalars(select(OUTBOX.c.body)).one()
    assert DeliveryRequested.decode(bytes(body)).submission == one
