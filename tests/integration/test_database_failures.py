"""What database errors mean: the data is at fault, or nothing works now."""

from __future__ import annotations

import os
import resource
import sqlite3
from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from dev.postgres import Postgres
from dev.processes import free_port
from shared import database
from shared.messaging.failures import DependencyUnavailable, PermanentFailure

TABLE = "CREATE TABLE t (id integer PRIMARY KEY, word text UNIQUE, CHECK (length(word) < 100000))"


def execute(engine: Engine, *statements: str) -> None:
    with database.classified(), engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO t VALUES (NULL, NULL), (1, 'canary'), (1, 'x')", "INSERT INTO t VALUES (1, 'canary'), (2, 'canary')"],
)
def test_data_that_a_constraint_refuses_is_at_fault_and_not_quoted(database_url: str, statement: str) -> None:
    engine = database.create(database_url)
    execute(engine, TABLE)
    with pytest.raises(PermanentFailure) as raised:
        execute(engine, statement)
    assert "canary" not in str(raised.value)
    assert raised.value.__cause__ is None
    engine.dispose()


@pytest.mark.parametrize(
    "statements",
    [
        ["SELECT 1/0"],
        ["SELECT 'canary'::integer"],
        [TABLE, "INSERT INTO t SELECT 1, string_agg(md5(n::text), '') FROM generate_series(1, 3000) n"],
    ],
    ids=["arithmetic", "type", "limit of an index"],
)
def test_data_that_postgresql_cannot_hold_is_at_fault(postgres_url: str, statements: list[str]) -> None:
    engine = database.create(postgres_url)
    with pytest.raises(PermanentFailure) as raised:
        execute(engine, *statements)
    assert "canary" not in str(raised.value)
    engine.dispose()


@pytest.mark.parametrize(
    "statements",
    [
        ["SELECT * FROM missing"],
        ["SET TRANSACTION READ ONLY", "CREATE TABLE t (id integer)"],
        ["SET LOCAL statement_timeout = '50ms'", "SELECT pg_sleep(10)"],
        ["SELECT pg_terminate_backend(pg_backend_pid())"],
    ],
    ids=["missing table", "read only", "timeout", "connection cut"],
)
def test_all_else_on_postgresql_means_that_nothing_works_now(postgres_url: str, statements: list[str]) -> None:
    engine = database.create(postgres_url)
    with pytest.raises(DependencyUnavailable):
        execute(engine, *statements)
    execute(engine, "SELECT 1")
    engine.dispose()


def test_a_locked_table_on_postgresql_means_that_nothing_works_now(postgres_url: str) -> None:
    engine = database.create(postgres_url)
    execute(engine, TABLE)
    with engine.begin() as holder:
        holder.execute(text("LOCK TABLE t"))
        with pytest.raises(DependencyUnavailable, match="LockNotAvailable"):
            execute(engine, "SET LOCAL lock_timeout = '50ms'", "INSERT INTO t VALUES (1, 'a')")
    engine.dispose()


def test_no_connection_left_means_that_nothing_works_now(postgres: Postgres, postgres_url: str) -> None:
    engine = database.create(postgres_url.replace("counterfoil:", "clerk:"))
    owner = database.create(postgres_url)
    password = owner.url.password
    execute(owner, f"CREATE ROLE clerk LOGIN PASSWORD '{password}' CONNECTION LIMIT 0")
    with pytest.raises(DependencyUnavailable, match="too many connections"):
        execute(engine, "SELECT 1")
    execute(owner, "DROP ROLE clerk")
    owner.dispose()


def test_a_server_that_is_away_means_that_nothing_works_now() -> None:
    engine = database.create(f"postgresql://u:hunter2@127.0.0.1:{free_port()}/d")
    with pytest.raises(DependencyUnavailable, match="refused") as raised:
        execute(engine, "SELECT 1")
    assert "hunter2" not in str(raised.value)


def test_postgresql_killed_in_between_works_again_once_it_is_back(server_directory: Path) -> None:
    with Postgres(server_directory / "killed") as server:
        engine = database.create(server.create_database("d"))
        execute(engine, "SELECT 1")
        server.kill()
        with pytest.raises(DependencyUnavailable):
            execute(engine, "SELECT 1")
        server.start()
        execute(engine, "SELECT 1")
        engine.dispose()


def test_a_locked_file_means_that_nothing_works_now(sqlite_url: str) -> None:
    engine = database.create(f"{sqlite_url}?timeout=0.05")
    execute(engine, TABLE)
    other = sqlite3.connect(str(engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DependencyUnavailable, match="locked"):
        execute(engine, "INSERT INTO t VALUES (1, 'a')")
    with database.reading(engine).connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM t")).scalar_one() == 0, "readers wait for no writer"
    other.close()
    execute(engine, "INSERT INTO t VALUES (1, 'a')")
    engine.dispose()


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["SELECT * FROM missing"], "no such table"),
        (["PRAGMA query_only = on", TABLE], "readonly"),
        ([TABLE, "PRAGMA max_page_count = 1", "INSERT INTO t VALUES (1, hex(zeroblob(40000)))"], "full"),
    ],
    ids=["missing table", "read only", "full"],
)
def test_all_else_on_sqlite_means_that_nothing_works_now(sqlite_url: str, statements: list[str], words: str) -> None:
    engine = database.create(sqlite_url)
    with pytest.raises(DependencyUnavailable, match=words):
        execute(engine, *statements)
    engine.dispose()


def test_a_transaction_on_sqlite_has_its_turn_to_write_before_it_reads(sqlite_url: str) -> None:
    first, second = database.create(sqlite_url), database.create(f"{sqlite_url}?timeout=0.05")
    with first.begin(), pytest.raises(DependencyUnavailable, match="locked"):
        execute(second, "SELECT 1")
    execute(second, "SELECT 1")
    first.dispose()
    second.dispose()


def test_a_folder_that_is_missing_means_that_nothing_works_now(tmp_path: Path) -> None:
    engine = database.create(f"sqlite:///{tmp_path / 'missing' / 'test.db'}")
    with pytest.raises(DependencyUnavailable, match="unable to open"):
        execute(engine, "SELECT 1")


def test_commits_are_durable(database_url: str) -> None:
    engine = database.create(database_url)
    shown = {"sqlite": ("PRAGMA journal_mode", "PRAGMA synchronous"), "postgresql": ("SHOW synchronous_commit",)}
    expected = {"sqlite": ["wal", 2], "postgresql": ["on"]}
    with engine.connect() as connection:
        found = [connection.execute(text(one)).scalar_one() for one in shown[engine.dialect.name]]
    assert found == expected[engine.dialect.name]
    engine.dispose()


def test_a_process_without_a_descriptor_for_the_connection_waits_for_one(postgres_url: str) -> None:
    """The driver's own `OSError` comes through SQLAlchemy as it is."""
    engine = database.create(postgres_url)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_next_descriptor(), before[1]))
    try:
        with pytest.raises(DependencyUnavailable):
            execute(engine, "SELECT 1")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    execute(engine, "SELECT 1")
    engine.dispose()


@pytest.mark.parametrize(("idle_s", "is_asked"), [(0, True), (1e-9, True), (1e9, False)])
def test_only_a_connection_that_lay_idle_for_longer_is_asked_first_whether_it_works(
    postgres_url: str,
    idle_s: float,
    is_asked: bool,
) -> None:
    engine, other = database.create(postgres_url, pool=database.Pool(idle_s=idle_s)), database.create(postgres_url)
    with engine.connect() as connection:
        used = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    execute(other, f"SELECT pg_terminate_backend({used}, 10000)")
    with nullcontext() if is_asked else pytest.raises(DependencyUnavailable):
        execute(engine, "SELECT 1")
    execute(engine, "SELECT 1")
    engine.dispose()
    other.dispose()


def test_a_process_without_memory_waits_for_it() -> None:
    with pytest.raises(DependencyUnavailable), database.classified():
        raise MemoryError


def _next_descriptor() -> int:
    """Return the number of the next one: the lowest that is free, which is not how many are open where some are not."""
    free = os.dup(0)
    os.close(free)
    return free
