"""Events of ids that were erased, on both databases: old ones are refused, later ones are new submissions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, event, select

from shared.contracts import ERASED_GRACE, Control, SubmissionAccepted, SubmissionsStored, fingerprint
from shared.database import reading
from shared.messaging.failures import Delivery
from storage_service.erasing import Erasing
from storage_service.store.handler import StoreSubmissions
from storage_service.store.instruments import counting
from storage_service.store.repository import SubmissionRepository
from storage_service.tables import submission_trail
from storage_service.work import Change, Work
from support.erasures import CANARY, ERASER, kept_everywhere, places_of
from support.events import an_event
from support.search_rows import indexed
from support.submission_databases import assert_read_back, conflict_count, migrated, stored
from support.working import an_asker, record_of

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


class Subject:
    """A handler over a database, what it announced, and its metrics."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.registry = engine, CollectorRegistry()
        self.announced: list[SubmissionsStored] = []
        self._store = StoreSubmissions(
            SubmissionRepository(engine),
            announce=self.announced.append,
            clock=lambda: NOW,
            reach=lambda _name: None,
            note=counting(self.registry),
        )

    def receive(self, *events: SubmissionAccepted) -> None:
        self._store([Delivery(one) for one in events])

    def erase(self, one: SubmissionAccepted, at: datetime) -> None:
        assert Erasing(self.engine, clock=lambda: at).erase([one.id], ERASER) == 1

    def refused(self) -> float | None:
        return self.registry.get_sample_value("counterfoil_submissions_arrived_after_erasure_total")

    def steps(self) -> list[dict[str, Any]]:
        with reading(self.engine).connect() as connection:
            return list(connection.scalars(select(submission_trail.c.changes).order_by(submission_trail.c.version)))


@pytest.fixture
def subject(engine: Engine) -> Subject:
    return Subject(engine)


def other_fields(one: SubmissionAccepted, **fields: Any) -> SubmissionAccepted:
    return replace(one, fields=fields, fingerprint=fingerprint(fields))


def test_a_replay_and_what_was_in_flight_are_refused_and_counted_in_the_trail(subject: Subject) -> None:
    old = kept_everywhere(subject.engine)
    subject.erase(old, old.accepted_at + timedelta(days=1))
    other = an_event()
    in_flight = replace(old, accepted_at=old.accepted_at + timedelta(days=1) + ERASED_GRACE)
    subject.receive(old, in_flight, other_fields(old, name=CANARY), other)
    subject.receive(old)
    assert places_of(subject.engine, CANARY) == set()
    assert [one.ids for one in subject.announced] == [(other.id,)]
    assert (subject.refused(), subject.steps()[-1]) == (4, {"erased": True, "arrived_after": 4})


def test_a_later_one_is_a_new_submission_whose_version_goes_on(subject: Subject) -> None:
    old = kept_everywhere(subject.engine)
    at = old.accepted_at + timedelta(hours=1)
    subject.erase(old, at)
    version = len(subject.steps()) + 1
    later = replace(
        other_fields(old, name="Grace", email="grace@example.org"),
        accepted_at=at + ERASED_GRACE + timedelta(microseconds=1),
        control=Control(reply_to="grace@example.org"),
        spam="honeypot",
        receipt_url="https://forms.example.org/r/1",
    )
    subject.receive(later, later)
    assert_read_back(subject.engine, later)
    left = record_of(subject.engine, old.id)
    assert (left.version, left.labels, left.state, left.starred) == (version + 1, (), "new", False)
    assert [one.ids for one in subject.announced] == [(later.id,)]
    assert (subject.refused(), conflict_count(subject.engine)) == (0, 0)
    indexed(subject.engine)
    assert places_of(subject.engine, "grace") >= {"submissions", "search_fields"}
    assert Work(subject.engine).change(old.id, Change(starred=True), an_asker()).version == version + 2


@pytest.mark.parametrize("together", [True, False])
def test_the_old_one_is_no_conflict_of_a_later_one(subject: Subject, together: bool) -> None:
    old = kept_everywhere(subject.engine)
    subject.erase(old, old.accepted_at)
    later = replace(other_fields(old, name="Grace"), accepted_at=old.accepted_at + timedelta(days=1))
    for batch in [[old, later, old]] if together else [[later], [old, old]]:
        subject.receive(*batch)
    assert stored(subject.engine) == {old.id: later.fingerprint}
    assert (conflict_count(subject.engine), places_of(subject.engine, CANARY)) == (0, set())
    subject.receive(other_fields(later, name="Grace Hopper"))
    assert conflict_count(subject.engine) == 1


def test_what_is_anonymous_takes_no_conflicts(subject: Subject, engine: Engine) -> None:
    old = kept_everywhere(engine)
    with engine.begin() as connection:
        Erasing(engine).anonymise_within(connection, [old.id], {}, ERASER)
    subject.receive(old, other_fields(old, name=CANARY))
    assert (places_of(engine, CANARY), conflict_count(engine)) == (set(), 0)
    assert subject.steps()[-1] == {"anonymised": True, "arrived_after": 2}


def test_where_nothing_is_erased_a_batch_is_one_statement(subject: Subject, engine: Engine) -> None:
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: sent.append(statement))
    subject.receive(*(an_event() for _ in range(50)))
    assert len([one for one in sent if not one.startswith(("BEGIN", "COMMIT"))]) == 1
