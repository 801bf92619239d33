"""One batch, one transaction, one announcement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared.contracts import ERASED_GRACE, SubmissionAccepted, SubmissionsStored, fingerprint
from shared.messaging.failures import Delivery, DependencyUnavailable, Done, Park, settle
from storage_service.store.handler import Stored, StoreSubmissions
from support.events import a_file, an_event, with_files
from support.submission_rows import MemoryRepository

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


class Subject:
    """A handler on a repository in memory, and what happened in which order."""

    def __init__(self) -> None:
        self.repository = MemoryRepository()
        self.now = NOW
        self.happened: list[object] = []
        self.store = StoreSubmissions(
            self.repository, announce=self.happened.append, clock=lambda: self.now, reach=self._reach
        )

    def _reach(self, name: str) -> None:
        self.happened.append((name, len(self.repository.rows.submissions)))

    def receive(self, *events: SubmissionAccepted) -> None:
        self.store(deliveries(events))

    def announced(self) -> list[object]:
        return [one for one in self.happened if isinstance(one, SubmissionsStored)]


def deliveries(events: Sequence[SubmissionAccepted]) -> list[Delivery[SubmissionAccepted]]:
    return [Delivery(event) for event in events]


@pytest.fixture
def subject() -> Subject:
    return Subject()


def test_a_batch_is_committed_and_then_announced_once(subject: Subject) -> None:
    first, second = an_event(id=UUID(int=1)), an_event(id=UUID(int=2))
    subject.receive(second, first)
    assert subject.happened == [
        ("before-commit", 0),
        ("after-commit", 2),
        SubmissionsStored((first.id, second.id), NOW),
    ]


def test_a_repetition_changes_nothing_and_is_announced_with_the_moment_it_was_stored(subject: Subject) -> None:
    event = an_event()
    subject.receive(event)
    subject.now = NOW + timedelta(hours=1)
    subject.receive(event, event)
    assert subject.repository.rows.submissions == {event.id: (event, NOW)}
    assert subject.repository.rows.conflicts == {}
    assert subject.announced() == [SubmissionsStored((event.id,), NOW)] * 2


@pytest.mark.parametrize("together", [True, False])
def test_other_fields_under_the_same_id_are_kept_once_beside_the_first(subject: Subject, together: bool) -> None:
    first = an_event(name="Ada")
    other = an_event(id=first.id, name="Grace")
    batches = [[first, other, other]] if together else [[first], [other], [other]]
    for batch in batches:
        subject.receive(*batch)
    assert subject.repository.rows.submissions == {first.id: (first, NOW)}
    assert subject.repository.rows.conflicts == {(first.id, other.fingerprint): other}


def test_what_could_not_be_committed_is_not_announced(subject: Subject) -> None:
    subject.repository.fails = DependencyUnavailable("away")
    with pytest.raises(DependencyUnavailable):
        subject.receive(an_event())
    assert subject.happened == [("before-commit", 0)]


def test_one_bad_row_is_parked_and_its_neighbours_are_stored(subject: Subject) -> None:
    events = [an_event() for _ in range(99)]
    bad = an_event(form="x" * 65)
    outcomes = settle(subject.store, deliveries([*events[:41], bad, *events[41:]]))
    assert outcomes[41] == Park("the database refuses it: form_length")
    assert outcomes[:41] + outcomes[42:] == [Done()] * 99
    assert subject.repository.rows.submissions.keys() == {event.id for event in events}


def test_an_empty_batch_announces_nothing(subject: Subject) -> None:
    subject.receive()
    assert subject.announced() == []


def test_what_was_erased_is_neither_stored_nor_announced_nor_kept_as_a_conflict(subject: Subject) -> None:
    event, other = an_event(), an_event()
    subject.repository.rows.erased[event.id] = event.accepted_at
    again = replace(event, fields={"name": "Grace"}, fingerprint=fingerprint({"name": "Grace"}))
    in_flight = replace(event, accepted_at=event.accepted_at + ERASED_GRACE)
    subject.receive(event, again, in_flight, other)
    assert subject.repository.rows.submissions.keys() == {other.id}
    assert subject.repository.rows.conflicts == {}
    assert subject.announced() == [SubmissionsStored((other.id,), NOW)]
    assert len(subject.repository.rows.refused) == 3


@pytest.mark.parametrize("together", [True, False])
def test_a_later_submission_under_an_erased_id_is_stored_and_the_old_one_stays_away(
    subject: Subject, together: bool
) -> None:
    old = an_event(name="Ada")
    subject.repository.rows.erased[old.id] = old.accepted_at
    new = replace(an_event(id=old.id, name="Grace"), accepted_at=old.accepted_at + ERASED_GRACE + timedelta(seconds=1))
    for batch in [[old, new, old]] if together else [[old], [new], [old]]:
        subject.receive(*batch)
    assert subject.repository.rows.submissions == {new.id: (new, NOW)}
    assert subject.repository.rows.conflicts == {}
    assert SubmissionsStored((new.id,), NOW) in subject.announced()


def test_what_is_refused_is_counted(subject: Subject) -> None:
    event = an_event()
    subject.repository.rows.erased[event.id] = event.accepted_at
    counted: list[Stored] = []
    store = StoreSubmissions(
        subject.repository, announce=lambda _: None, clock=lambda: NOW, reach=lambda _: None, note=counted.append
    )
    store(deliveries([event, an_event()]))
    assert counted == [Stored(size=2, new=1, conflicts=0, refused=1)]


def uploaded_again(event: SubmissionAccepted) -> SubmissionAccepted:
    """Return the same submission of another request: what came lies under other keys."""
    return with_files(event, *(replace(one, key=f"{one.key}-again") for one in event.files))


@pytest.mark.parametrize("together", [True, False])
def test_of_two_that_are_the_same_the_first_ones_files_are_kept(subject: Subject, together: bool) -> None:
    first = with_files(an_event(), a_file(), a_file(name="b.pdf", number=2))
    second = uploaded_again(first)
    for batch in [[first, second, first]] if together else [[first], [second], [first]]:
        subject.receive(*batch)
    assert subject.repository.rows.files == {(first.id, first.fingerprint): first.files}
    assert subject.repository.rows.given_up == set()


def test_those_of_a_conflict_are_kept_beside_the_first_ones(subject: Subject) -> None:
    first = with_files(an_event())
    other = with_files(an_event(id=first.id), a_file(sha256="1" * 64))
    subject.receive(first, other, uploaded_again(other))
    assert subject.repository.rows.files == {
        (first.id, first.fingerprint): first.files,
        (first.id, other.fingerprint): other.files,
    }


@pytest.mark.parametrize("together", [True, False])
def test_those_of_what_was_erased_are_given_up_and_those_of_a_later_one_are_kept(
    subject: Subject, together: bool
) -> None:
    old, late = with_files(an_event()), with_files(an_event())
    subject.repository.rows.erased = {old.id: old.accepted_at, late.id: late.accepted_at}
    after = old.accepted_at + ERASED_GRACE + timedelta(seconds=1)
    new = replace(uploaded_again(old), accepted_at=after)  # the same, sent once more
    for batch in [[old, late, new]] if together else [[old, late], [new]]:
        subject.receive(*batch)
    assert subject.repository.rows.files == {(new.id, new.fingerprint): new.files}
    assert new.files[0].key not in subject.repository.rows.given_up
    assert late.files[0].key in subject.repository.rows.given_up


def test_a_batch_without_files_asks_for_nothing_of_them(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(type(subject.repository.rows), "keep_files")
    monkeypatch.delattr(type(subject.repository.rows), "give_up_files")
    event = an_event()
    subject.receive(event, event, an_event(id=event.id, name="Grace"))
    assert event.id in subject.repository.rows.submissions
