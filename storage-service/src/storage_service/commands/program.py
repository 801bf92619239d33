"""What the commands of the storage service share."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from shared import database, logs
from shared.messaging.failures import DependencyUnavailable
from shared.settings import SettingsError
from shared.terminal import Refused
from storage_service import settings
from storage_service.accounts.asker import SCOPES, Asker
from storage_service.tables import MIGRATIONS

PROGRAM = "python -m storage_service"

REFUSALS = (Refused, SettingsError, database.MigrationFailed, DependencyUnavailable)
"""What a command may raise: the text is for whoever typed it."""


def migrated(engine: Engine) -> Engine:
    """Return an engine whose schema is that of this version; raises `Refused` and `DependencyUnavailable`."""
    if MIGRATIONS.pending(engine):
        raise Refused(MIGRATIONS.advice(engine, PROGRAM))
    return engine


@contextmanager
def opened() -> Iterator[Engine]:
    """Lend the database for a command that is typed; raises as `migrated` does, and `SettingsError`."""
    chosen = settings.load(with_broker=False)
    logs.configure("storage", level="warning", format=chosen.log_format)
    engine = database.create(chosen.database_url)
    try:
        yield migrated(engine)
    finally:
        engine.dispose()


def whoever_types() -> Asker:
    """Return who types a command, for the audit: they may do everything."""
    return Asker(own_name(), frozenset(SCOPES))


def own_name() -> str:
    """Return who types a command, for the audit: `command: root`."""
    try:
        return f"command: {getpass.getuser()}"
    except (KeyError, OSError):  # a container whose user has no name
        return f"command: uid {os.getuid()}"
