"""`python -m storage_service migrate` updates the tables, or takes them back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from shared import database, logs
from storage_service import settings
from storage_service.commands.program import PROGRAM
from storage_service.tables import MIGRATIONS


def migrate(arguments: Sequence[str]) -> int:
    """Update the database's tables, or take them back before an older version starts."""
    database.migrate(PROGRAM, arguments, MIGRATIONS, _database)
    return 0


def _database() -> Engine:
    chosen = settings.load(with_broker=False)
    logs.configure("storage", level=chosen.log_level, format=chosen.log_format)
    return database.create(chosen.database_url)
