"""`python -m storage_service` runs the service; this is its command line.

`python -m storage_service migrate` updates the tables or takes them back; `… parked …` is for an operator.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager

from sqlalchemy import Engine

from shared import database, failpoints, logs, tracing
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import STORAGE
from shared.parked import command
from shared.parked.messages import ParkedMessages
from shared.settings import SettingsError
from shared.telemetry.messaging import messaging
from shared.telemetry.registry import process_registry
from storage_service import service, settings
from storage_service.tables import MIGRATIONS, PARKED

PROGRAM = "python -m storage_service"
USAGE = f"usage: {PROGRAM} [{database.USAGE} | parked …]"


def main(arguments: Sequence[str]) -> int:
    """Run or migrate, and return the exit code: 0 when told to stop, 2 when it cannot start as it is set up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if arguments[:1] == ["parked"]:
        return command.run(f"{PROGRAM} parked", arguments[1:], _open_parked)
    if list(arguments[:1]) not in ([], ["migrate"]):
        return _refuse(USAGE)
    try:
        return _migrate(arguments[1:]) if arguments else _run()
    except (SettingsError, database.MigrationFailed) as error:
        return _refuse(str(error))


def _migrate(arguments: Sequence[str]) -> int:
    database.migrate(PROGRAM, arguments, MIGRATIONS, _database)
    return 0


def _database() -> Engine:
    chosen = settings.load(with_broker=False)
    logs.configure("storage", level=chosen.log_level, format=chosen.log_format)
    return database.create(chosen.database_url)


def _run() -> int:
    chosen = settings.load()
    logs.configure("storage", level=chosen.log_level, format=chosen.log_format)
    engine = database.create(chosen.database_url)
    if MIGRATIONS.needed_at_start(engine):
        return _refuse(f"the database has not been migrated: run `{PROGRAM} migrate` first")
    reach = failpoints.from_environment()
    spans, registry = tracing.from_environment("storage"), process_registry("storage-service")
    broker = RabbitMQ(chosen.broker_url, name="storage", reach=reach, instruments=messaging(registry, [STORAGE]))
    return 0 if service.run(chosen, engine, broker, reach, registry, spans) else 1


def _open_parked(can_publish: bool) -> AbstractContextManager[ParkedMessages]:  # noqa: FBT001 - see command
    """Return what the command `parked` works with; raises `command.Refused`."""
    try:
        chosen = settings.load(with_broker=can_publish)
    except SettingsError as error:
        raise command.Refused(str(error)) from error
    logs.configure("storage", level="warning", format=chosen.log_format)
    engine = database.create(chosen.database_url)
    return command.open_messages(engine, PARKED, MIGRATIONS, chosen.broker_url, name="storage operator")


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)  # noqa: T201 - to whoever starts it; logs may not be set up yet
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
