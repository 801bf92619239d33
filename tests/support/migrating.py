"""Gives databases their tables in a moment: each process of a run migrates once of each kind, and copies that."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from dev.postgres import Postgres
from shared import database
from shared.database import Migrations

_files: dict[str, bytes] = {}
"""A SQLite database of each service, by its version table."""


def migrate(engine: Engine, migrations: Migrations) -> None:
    """Bring a database up to date, as `upgrade` does; one of SQLite that is not there yet is written as a whole."""
    file = Path(engine.url.database or "") if engine.dialect.name == "sqlite" else None
    if file is not None and not file.exists():
        file.write_bytes(_file_of(migrations))
    elif migrations.pending(engine):
        migrations.upgrade(engine)


def template_in(postgres: Postgres, migrations: Migrations) -> str:
    """Make a database with the tables of a service, and return its name: others begin as copies of it, in half the
    time that a migration takes."""
    name = f"with_{migrations.version_table}"
    engine = database.create(postgres.create_database(name))
    migrations.upgrade(engine)
    engine.dispose()
    return name


def _file_of(migrations: Migrations) -> bytes:
    if migrations.version_table not in _files:
        with TemporaryDirectory() as place:
            file = Path(place) / "made.db"
            engine = database.create(f"sqlite:///{file}")
            migrations.upgrade(engine)
            engine.dispose()
            assert [one.name for one in file.parent.iterdir()] == [file.name], "all of it is in this file"
            _files[migrations.version_table] = file.read_bytes()
    return _files[migrations.version_table]
