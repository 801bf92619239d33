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
from sqlalchemy import CheckConstraint, Engine, inspect

from notify_service.tables import MIGRATIONS, confirmations, metadata
from shared import database
from support.service import clean_environment


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = database.create(database_url)
    yield engine
    engine.dispose()


def test_the_migrated_schema_is_that_of_the_tables(engine: Engine) -> None:
    MIGRATIONS.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=MIGRATIONS.options())
        assert compare_metadata(context, metadata) == []
    checks = {one["name"] for one in inspect(engine).get_check_constraints(confirmations.name)}
    assert checks == {str(one.name) for one in confirmations.constraints if isinstance(one, CheckConstraint)}
    assert inspect(engine).get_pk_constraint(confirmations.name)["name"] == confirmations.primary_key.name


def test_it_can_be_taken_back(engine: Engine) -> None:
    MIGRATIONS.upgrade(engine)
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", MIGRATIONS.location)
        command.downgrade(config, "base")
    assert inspect(engine).get_table_names() == ["notify_alembic_version"]


def test_several_processes_may_migrate_at_once_beside_the_other_service(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    environment = clean_environment() | {"COUNTERFOIL_DATABASE_URL": database_url}
    services = ["notify_service", "storage_service", "notify_service"]
    started = [
        subprocess.Popen([sys.executable, "-m", name, "migrate"], env=environment, cwd=tmp_path, stderr=subprocess.PIPE)
        for name in services
    ]
    ended = [(process.communicate(timeout=60)[1], process.returncode) for process in started]
    assert [code for _, code in ended] == [0, 0, 0], ended
    assert not MIGRATIONS.pending(engine)
    assert {"confirmations", "submissions"} <= set(inspect(engine).get_table_names())
