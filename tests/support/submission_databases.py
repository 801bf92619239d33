"""A migrated storage database for one test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Engine, func, select

from shared import database
from storage_service.tables import MIGRATIONS, conflicts, submissions


@contextmanager
def migrated(url: str) -> Iterator[Engine]:
    """Make the tables and lend the engine."""
    engine = database.create(url)
    try:
        MIGRATIONS.upgrade(engine)
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
