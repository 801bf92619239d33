"""The schema that migrations make is the schema that the code expects."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from notify_service.deliveries.states import Claim
from notify_service.deliveries.table import DeliveryTable
from notify_service.tables import MIGRATIONS, deliveries, metadata
from shared import database
from shared.contracts import NO_REQUEST
from shared.database import iso
from support.confirmations import a_key, planned
from support.pace import stretched_s
from support.service import clean_environment


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    engine = database.create(empty_database_url)
    yield engine
    engine.dispose()


def test_the_migrated_schema_is_that_of_the_tables(engine: Engine) -> None:
    MIGRATIONS.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=MIGRATIONS.options())
        assert compare_metadata(context, metadata) == []
    checks = {one["name"] for one in inspect(engine).get_check_constraints(deliveries.name)}
    assert checks == {str(one.name) for one in deliveries.constraints if isinstance(one, CheckConstraint)}
    assert inspect(engine).get_pk_constraint(deliveries.name)["name"] == deliveries.primary_key.name


def test_it_can_be_taken_back(engine: Engine) -> None:
    MIGRATIONS.upgrade(engine)
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", MIGRATIONS.location)
        command.downgrade(config, "base")
    assert inspect(engine).get_table_names() == ["notify_alembic_version"]


def test_several_processes_may_migrate_at_once_beside_the_other_service(
    engine: Engine, empty_database_url: str, tmp_path: Path
) -> None:
    environment = clean_environment() | {"COUNTERFOIL_DATABASE_URL": empty_database_url}
    services = ["notify_service", "storage_service", "notify_service"]
    started = [
        subprocess.Popen([sys.executable, "-m", name, "migrate"], env=environment, cwd=tmp_path, stderr=subprocess.PIPE)
        for name in services
    ]
    ended = [(process.communicate(timeout=stretched_s(60))[1], process.returncode) for process in started]
    assert [code for _, code in ended] == [0, 0, 0], ended
    assert not MIGRATIONS.pending(engine)
    assert {"deliveries", "submissions"} <= set(inspect(engine).get_table_names())


def migrate(engine: Engine, revision: str, *, down: bool = False) -> None:
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", MIGRATIONS.location)
        (command.downgrade if down else command.upgrade)(config, revision)


def rows_of(engine: Engine, table: str) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        found = connection.execute(text(f"SELECT * FROM {table} ORDER BY destination_hash")).mappings().all()  # noqa: S608
    return [dict(row) for row in found]


BEFORE = """INSERT INTO confirmations
(submission_id, channel, destination_hash, state, attempts, last_error, changed_at, recipient_hash, claimed_at, form)
VALUES (:id, :channel, :hash, :state, :attempts, :error, :at, :recipient, :at, :form)"""


def test_what_was_recorded_before_deliveries_is_kept_and_can_be_taken_back(engine: Engine) -> None:
    migrate(engine, "0004")
    at, sqlite = datetime(2026, 11, 22, 12, tzinfo=UTC), engine.dialect.name == "sqlite"
    known = UUID("0199c2d0-8d1a-7aaa-8000-0123456789ab")
    about = {"id": known.hex if sqlite else known, "at": iso(at) if sqlite else at}
    rows = [
        {"channel": "email", "hash": "a", "state": "sent", "attempts": 2, "error": None, "recipient": "r", "form": "f"},
        {"channel": "email", "hash": "b", "state": "held", "attempts": 0, "error": "limit form"},
        {"channel": "webhook", "hash": "owner", "state": "retrying", "attempts": 1, "error": "status 500"},
    ]
    with engine.begin() as connection:
        connection.execute(text(BEFORE), [{"recipient": None, "form": None} | about | row for row in rows])
    before = rows_of(engine, "confirmations")
    migrate(engine, "head")
    with engine.connect() as connection:
        found = connection.execute(deliveries.select().order_by(deliveries.c.destination_hash)).all()
    assert [(one.channel, one.state, one.attempts, one.last_error) for one in found] == [
        ("confirmation", "sent", 2, None),
        ("confirmation", "held", 0, "limit form"),
        ("webhook", "retrying", 1, "status 500"),
    ]
    assert len({one.id for one in found}) == 3
    assert {(one.submission_id, one.request, one.created_at) for one in found} == {(known, NO_REQUEST, at)}
    assert [one.provider_id for one in found] == [f"{known}.email", f"{known}.email", f"accepted_{known}"]
    assert [(one.due_at, one.counted_at, one.sent_at) for one in found] == [
        (at, at, at),
        (None, None, None),
        (at, None, None),
    ]
    with pytest.raises(DBAPIError):  # an old replica finds no table, and holds
        rows_of(engine, "confirmations")
    migrate(engine, "0004", down=True)
    assert rows_of(engine, "confirmations") == before


def test_what_is_retried_over_the_migration_is_the_same_delivery(engine: Engine) -> None:
    key, at = a_key(), datetime(2026, 11, 22, 12, tzinfo=UTC)
    migrate(engine, "0004")
    sqlite = engine.dialect.name == "sqlite"
    about = {"id": key.submission_id.hex if sqlite else key.submission_id, "at": iso(at) if sqlite else at}
    row = {"channel": "email", "hash": key.destination_hash, "state": "retrying", "attempts": 3, "error": "rcpt 450"}
    with engine.begin() as connection:
        connection.execute(text(BEFORE), [{"recipient": None, "form": None} | about | row])
    migrate(engine, "head")
    table = DeliveryTable(engine)
    claim = table.claim([planned(key)], lease_holder=uuid4(), now=at, lease_until=at + timedelta(minutes=1))[key]
    assert isinstance(claim, Claim)
    assert claim.attempts == 4
    assert len(rows_of(engine, "deliveries")) == 1


def test_what_came_back_has_failed_for_an_earlier_version(engine: Engine) -> None:
    MIGRATIONS.upgrade(engine)
    at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    with engine.begin() as connection:
        for state in ("suppressed", "bounced", "cancelled"):
            key = a_key()
            row = {"id": key.id, "submission_id": key.submission_id, "channel": key.channel, "request": NO_REQUEST}
            row |= {"destination_hash": state, "destination_shown": "", "state": state, "attempts": 1, "told": state}
            connection.execute(deliveries.insert().values(**row, created_at=at, changed_at=at, form="contact"))
    before = rows_of(engine, "deliveries")
    migrate(engine, "0012", down=True)
    states = {row["destination_hash"]: (row["state"], row["told"]) for row in rows_of(engine, "deliveries")}
    assert states == {
        "suppressed": ("failed", "failed"),
        "bounced": ("failed", "failed"),
        "cancelled": ("cancelled", "cancelled"),
    }
    migrate(engine, "head")
    after = [{**row, "state": row["destination_hash"], "told": row["destination_hash"]} for row in before]
    assert before == after
    assert [{**row, "state": 0, "told": 0} for row in rows_of(engine, "deliveries")] == [
        {**row, "state": 0, "told": 0} for row in before
    ]
