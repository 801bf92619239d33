"""One suite for the repository in memory and the real one on each database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared.messaging.failures import PermanentFailure
from storage_service.store.domain import Existing
from storage_service.store.handler import Repository
from storage_service.store.repository import SubmissionRepository
from support.events import an_event
from support.submission_databases import migrated
from support.submission_rows import MemoryRepository

NOW = datetime(2026, 11, 22, 18, 0, 0, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def repository(request: pytest.FixtureRequest) -> Iterator[Repository]:
    if request.param == "memory":
        yield MemoryRepository()
        return
    name = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    with migrated(request.getfixturevalue(name)) as engine:
        yield SubmissionRepository(engine)


def existing(repository: Repository, *ids: UUID) -> dict[UUID, Existing]:
    with repository.transaction() as rows:
        return dict(rows.existing(ids))


def test_what_is_new_is_inserted_and_what_is_there_stays(repository: Repository) -> None:
    first, second, third = (an_event(name=name) for name in ("a", "b", "c"))
    with repository.transaction() as rows:
        assert rows.insert([first, second], stored_at=NOW) == 2
    other = an_event(id=second.id, name="other")
    with repository.transaction() as rows:
        assert rows.insert([other, third], stored_at=LATER) == 1
    assert existing(repository, first.id, second.id, third.id) == {
        first.id: Existing(first.fingerprint, NOW),
        second.id: Existing(second.fingerprint, NOW),
        third.id: Existing(third.fingerprint, LATER),
    }


def test_nothing_exists_under_an_unknown_id(repository: Repository) -> None:
    assert existing(repository, UUID(int=1)) == {}
    assert existing(repository) == {}


def test_nothing_to_insert_is_no_error(repository: Repository) -> None:
    with repository.transaction() as rows:
        assert rows.insert([], stored_at=NOW) == 0
        rows.keep_conflicts([], received_at=NOW)


def test_a_conflict_may_come_again(repository: Repository) -> None:
    first, other = an_event(id=UUID(int=1), name="a"), an_event(id=UUID(int=1), name="b")
    with repository.transaction() as rows:
        rows.insert([first], stored_at=NOW)
        rows.keep_conflicts([other], received_at=NOW)
    with repository.transaction() as rows:
        rows.keep_conflicts([other], received_at=LATER)
    assert existing(repository, first.id)[first.id].fingerprint == first.fingerprint


def test_a_transaction_that_fails_leaves_nothing(repository: Repository) -> None:
    event = an_event()

    def fail() -> None:
        with repository.transaction() as rows:
            rows.insert([event], stored_at=NOW)
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        fail()
    assert existing(repository, event.id) == {}


@pytest.mark.parametrize("form", ["", "x" * 65])
def test_a_row_the_tables_refuse_takes_its_batch_back_and_is_named_without_its_values(
    repository: Repository, form: str
) -> None:
    good, bad = an_event(), an_event(form=form, name="canary-value")

    def insert() -> None:
        with repository.transaction() as rows:
            rows.insert([good, bad], stored_at=NOW)

    with pytest.raises(PermanentFailure, match="the database refuses it") as raised:
        insert()
    assert "canary" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert existing(repository, good.id) == {}
