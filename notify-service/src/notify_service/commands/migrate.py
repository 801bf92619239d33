"""`python -m notify_service migrate` updates the tables, or takes them back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from notify_service import settings
from notify_service.commands.terminal import PROGRAM
from notify_service.tables import MIGRATIONS
from shared import database, logs


def migrate(arguments: Sequence[str]) -> int:
    """Update the database's tables, or take them back before an older version starts."""
    database.migrate(PROGRAM, arguments, MIGRATIONS, _database)
    return 0


def _database() -> Engine:
    chosen = settings.load_for_command()
    logs.configure("notify", level=chosen.log_level, format=chosen.log_format)
    return database.create(chosen.database_url)
