"""`python -m storage_service parked …` lets an operator deal with parked messages."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from shared import database, logs
from shared.parked import command
from shared.parked.messages import ParkedMessages
from shared.settings import SettingsError
from storage_service import settings
from storage_service.commands.program import PROGRAM
from storage_service.tables import MIGRATIONS, PARKED


def parked(arguments: Sequence[str]) -> int:
    """Show messages that could not be worked on, and put them back or let them rest."""
    return command.run(f"{PROGRAM} parked", arguments, _open)


def _open(can_publish: bool) -> AbstractContextManager[ParkedMessages]:  # noqa: FBT001 - see command
    """Return what the command works with; raises `command.Refused`."""
    try:
        chosen = settings.load(with_broker=can_publish)
    except SettingsError as error:
        raise command.Refused(str(error)) from error
    logs.configure("storage", level="warning", format=chosen.log_format)
    engine = database.create(chosen.database_url)
    return command.open_messages(engine, PARKED, MIGRATIONS, chosen.broker_url, name="storage operator")
