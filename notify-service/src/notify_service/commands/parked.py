"""`python -m notify_service parked …` lets an operator deal with parked messages."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from notify_service import settings
from notify_service.commands.terminal import PROGRAM
from notify_service.deliveries.reopening import reopening
from notify_service.deliveries.table import DeliveryTable
from notify_service.tables import MIGRATIONS, PARKED
from shared import database, logs
from shared.parked import command
from shared.parked.messages import ParkedMessages
from shared.settings import SettingsError


def parked(arguments: Sequence[str]) -> int:
    """Show messages that could not be worked on, and put them back or let them rest."""
    return command.run(f"{PROGRAM} parked", arguments, _open)


def _open(can_publish: bool) -> AbstractContextManager[ParkedMessages]:  # noqa: FBT001 - see command
    """Return what the command works with; raises `command.Refused`."""
    try:
        chosen = settings.load_for_command(with_broker=can_publish)
    except SettingsError as error:
        raise command.Refused(str(error)) from error
    logs.configure("notify", level="warning", format=chosen.log_format)
    engine = database.create(chosen.database_url)
    reopen = reopening(DeliveryTable(engine), _now)
    return command.open_messages(engine, PARKED, MIGRATIONS, chosen.broker_url, name="notify operator", reopen=reopen)


def _now() -> datetime:
    return datetime.now(UTC)
