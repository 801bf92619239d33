"""A column is written from the member of the event that it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Table, Text, Uuid, select

from shared import database
from shared.contracts import Control, Source
from shared.database import UtcTimestamp
from storage_service.store.repository import SubmissionRows
from storage_service.tables import HAS_SEALED, conflicts, of_the_event, submissions
from support.events import an_event
from support.submission_databases import migrated

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
TOY = Table(
    "toy",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("form", Text, nullable=False),
    Column("language", Text, info={"member": "source.language"}),
    Column("port", Integer, info={"member": "control.subject"}),
    Column("caught_by", Text, info={"member": "spam"}),
    Column("stored_at", UtcTimestamp, nullable=False),
)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = database.create(database_url)
    TOY.create(engine)
    yield engine
    engine.dispose()


def test_a_column_is_read_from_the_member_that_it_names(engine: Engine) -> None:
    bare = an_event(name="a")
    full = replace(
        an_event(name="b"), source=Source(language='de"\\'), control=Control(subject="8080"), spam="honeypot"
    )
    with engine.begin() as connection:
        assert SubmissionRows(connection)._insert(TOY, "stored_at", [bare, full], NOW) == 2
        rows = {row.id: tuple(row)[1:] for row in connection.execute(select(TOY))}
    assert rows == {
        bare.id: (bare.form, None, None, None, NOW),
        full.id: (full.form, 'de"\\', 8080, "honeypot", NOW),
    }


def test_a_service_of_the_version_before_goes_on_beside_this_one(database_url: str) -> None:
    """It names its own columns, in what it inserts and in what it reads; the database fills in the others."""
    before = Table("submissions", MetaData(), *(Column(one.name, one.type) for one in of_the_event(submissions)))
    events = [an_event(name=str(number)) for number in range(2)]
    with migrated(database_url) as engine, engine.begin() as connection:
        assert SubmissionRows(connection)._insert(before, "stored_at", events, NOW) == 2
        assert SubmissionRows(connection).insert(events, stored_at=NOW) == 0
        assert len(connection.execute(select(before)).all()) == 2
        [kept] = set(connection.execute(select(submissions.c.state, submissions.c.version, submissions.c.starred)))
    assert tuple(kept) == ("new", 1, False)


def test_what_is_sealed_is_kept_of_a_submission_and_of_what_conflicts_with_it(database_url: str) -> None:
    plain, first = an_event(name="a"), replace(an_event(name="b"), sealed={"iban": "v1:k:AA=="})
    later = replace(an_event(id=first.id, name="c"), sealed={"iban": "v1:k:BB=="})
    with migrated(database_url) as engine, engine.begin() as connection:
        rows = SubmissionRows(connection)
        assert rows.insert([plain, first], stored_at=NOW) == 2
        rows.keep_conflicts([later], received_at=NOW)
        kept = {row.id: row.sealed for row in connection.execute(select(submissions))}
        assert kept == {plain.id: None, first.id: first.sealed}
        assert connection.execute(select(submissions.c.id).where(HAS_SEALED)).scalars().all() == [first.id]
        assert connection.execute(select(conflicts.c.sealed)).scalar_one() == later.sealed
