"""The schema that migrations make is the schema that the code expects."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, inspect, text

from dev.postgres import Postgres
from shared import database
from storage_service.tables import MIGRATIONS, metadata
from support.pace import stretched_s
from support.polling import eventually
from support.service import clean_environment


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    engine = database.create(empty_database_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database after all migrations, for tests that look at it and leave it as it is."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('migrated') / 'test.db'}"
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.create_database("test_storage_migrations")
    engine = database.create(url)
    MIGRATIONS.upgrade(engine)
    yield engine
    engine.dispose()


def test_the_migrated_schema_is_that_of_the_tables(migrated: Engine) -> None:
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts=MIGRATIONS.options())
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=str)
def test_migrated_constraints_are_those_of_the_tables(migrated: Engine, table: object) -> None:
    inspector, expected = inspect(migrated), metadata.tables[str(table)]
    checks = {one["name"] for one in inspector.get_check_constraints(expected.name)}
    assert checks == {str(one.name) for one in expected.constraints if isinstance(one, CheckConstraint)}
    has_no_name = migrated.dialect.name == "sqlite" and expected.dialect_options["sqlite"]["autoincrement"]
    name = None if has_no_name else expected.primary_key.name
    assert inspector.get_pk_constraint(expected.name)["name"] == name


def test_it_is_pending_until_it_is_done_and_may_be_done_again(engine: Engine) -> None:
    assert MIGRATIONS.pending(engine)
    MIGRATIONS.upgrade(engine)
    MIGRATIONS.upgrade(engine)
    assert not MIGRATIONS.pending(engine)


def test_a_schema_that_is_newer_than_the_code_is_not_pending_and_stays(engine: Engine) -> None:
    MIGRATIONS.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE storage_alembic_version SET version_num = '9999'"))
    assert not MIGRATIONS.pending(engine)
    MIGRATIONS.upgrade(engine)  # as a start of the version before does, for whoever goes back
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM storage_alembic_version")) == "9999"


def test_the_tables_of_another_service_are_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE others (id integer)"))
    MIGRATIONS.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=MIGRATIONS.options())
        assert compare_metadata(context, metadata) == []
    assert "others" in inspect(engine).get_table_names()


def test_it_can_be_taken_back(engine: Engine) -> None:
    MIGRATIONS.upgrade(engine)
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", MIGRATIONS.location)
        command.downgrade(config, "base")
    assert inspect(engine).get_table_names() == ["storage_alembic_version"]


def test_a_second_migration_waits_for_the_first(empty_postgres_url: str) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    environment = clean_environment() | {"COUNTERFOIL_DATABASE_URL": empty_postgres_url}
    engine = database.create(empty_postgres_url)
    with engine.begin() as first:
        MIGRATIONS.upgrade_within(first)
        second = subprocess.Popen([sys.executable, "-m", "storage_service", "migrate"], env=environment)
        eventually(lambda: first.execute(waiting).scalar_one() == 1, 20, "the second one waits")
    assert second.wait(timeout=stretched_s(30)) == 0
    engine.dispose()


def test_several_processes_may_migrate_at_once_from_any_folder(
    engine: Engine, empty_database_url: str, tmp_path: Path
) -> None:
    environment = clean_environment() | {"COUNTERFOIL_DATABASE_URL": empty_database_url}
    arguments = [sys.executable, "-m", "storage_service", "migrate"]
    started = [
        subprocess.Popen(arguments, env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    ended = [(process.communicate(timeout=stretched_s(60))[1], process.returncode) for process in started]
    assert [code for _, code in ended] == [0, 0, 0], ended
    assert not MIGRATIONS.pending(engine)
