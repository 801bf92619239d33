"""Lends a test a migrated storage database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Engine, func, select

from shared import database
from shared.contracts import Control, Source, SubmissionAccepted, fingerprint
from shared.database import iso
from storage_service.queries import SubmissionQueries
from storage_service.store.repository import SubmissionRepository
from storage_service.tables import MIGRATIONS, conflicts, submissions
from support.migrating import migrate

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


@contextmanager
def migrated(url: str) -> Iterator[Engine]:
    """Make the tables and lend the engine."""
    engine = database.create(url)
    try:
        migrate(engine, MIGRATIONS)
        yield engine
    finally:
        engine.dispose()


def stored(engine: Engine) -> dict[UUID, str]:
    """Return the fingerprint of each stored submission."""
    with database.reading(engine).connect() as connection:
        rows = connection.execute(select(submissions.c.id, submissions.c.fingerprint)).all()
    return {row.id: row.fingerprint for row in rows}


def conflict_count(engine: Engine) -> int:
    """Return how many conflicts are kept."""
    with database.reading(engine).connect() as connection:
        return connection.execute(select(func.count()).select_from(conflicts)).scalar_one()


def store(engine: Engine, *batch: SubmissionAccepted) -> None:
    """Store new submissions in one transaction."""
    with SubmissionRepository(engine).transaction() as rows:
        assert rows.insert(batch, stored_at=NOW) == len(batch)
        if having := [one for one in batch if one.files]:
            rows.keep_files(having, at=NOW)


def assert_read_back(engine: Engine, event: SubmissionAccepted) -> None:
    """Assert that a stored submission is read as it was: values, their kinds and their order."""
    shown = SubmissionQueries(engine).submission({"id": str(event.id)})["submission"]
    assert shown["fields"] == event.fields
    assert fingerprint(shown["fields"]) == event.fingerprint, "1 and 1.0, 0.0 and -0.0 are equal, and not the same"
    assert list(shown["fields"]) == list(event.fields), "in another order"
    assert shown["accepted_at"] == iso(event.accepted_at)
    assert (Source(**shown["source"]), Control(**shown["control"])) == (event.source, event.control)
    assert shown["spam"] == event.spam
