"""How long a database is waited for, and by how many at once."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from sqlalchemy import Connection, create_engine, text

from shared import database
from shared.messaging.failures import DependencyUnavailable
from storage_service.tables import MIGRATIONS

LIMITS = ("lock_timeout", "statement_timeout")


def limits(connection: Connection) -> list[str]:
    return [connection.execute(text(f"SHOW {name}")).scalar_one() for name in LIMITS]


def test_no_connection_free_in_time_means_that_nothing_works_now(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    unavailable = pytest.raises(DependencyUnavailable, match="every connection is in use")
    with engine.connect(), unavailable, database.classified():
        engine.connect()
    engine.dispose()


def test_every_thread_of_the_largest_notify_service_has_a_connection(empty_database_url: str) -> None:
    engine = database.create(empty_database_url)
    with ExitStack() as held:
        for _ in range(64 + 2):  # mails on their way, a query, a probe
            held.enter_context(database.reading(engine).connect())
    engine.dispose()


def test_a_statement_and_a_lock_are_waited_for_with_limits_except_in_a_migration(empty_postgres_url: str) -> None:
    engine = database.create(empty_postgres_url)
    with engine.connect() as connection:
        assert limits(connection) == ["10s", "1min"]
    with engine.begin() as connection:
        MIGRATIONS.upgrade_within(connection)
        assert limits(connection) == ["0", "0"]
    with engine.connect() as connection:
        assert limits(connection) == ["10s", "1min"]
    engine.dispose()
