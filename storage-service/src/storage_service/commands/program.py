"""What the commands of the storage service share."""

from __future__ import annotations

import getpass
import os

from sqlalchemy import Engine

from shared import database
from shared.messaging.failures import DependencyUnavailable
from shared.settings import SettingsError
from shared.terminal import Refused
from storage_service.tables import MIGRATIONS

PROGRAM = "python -m storage_service"

REFUSALS = (Refused, SettingsError, database.MigrationFailed, DependencyUnavailable)
"""What a command may raise: the text is for whoever typed it."""


def migrated(engine: Engine) -> Engine:
    """Return an engine whose schema is that of this version; raises `Refused` and `DependencyUnavailable`."""
    if MIGRATIONS.pending(engine):
        raise Refused(MIGRATIONS.advice(engine, PROGRAM))
    return engine


def own_name() -> str:
    """Return who types a command, for the audit: `command: root`."""
    try:
        return f"command: {getpass.getuser()}"
    except (KeyError, OSError):  # a container whose user has no name
        return f"command: uid {os.getuid()}"
