"""`python -m storage_service` runs the service."""

from __future__ import annotations

from collections.abc import Sequence

from shared import database, failpoints, logs, tracing
from shared.messaging.rabbitmq import RabbitMQ
from shared.telemetry.messaging import messaging
from shared.telemetry.registry import process_registry
from shared.terminal import Refused, parser
from storage_service import service, settings
from storage_service.commands.program import PROGRAM
from storage_service.tables import MIGRATIONS

_HELP = "Run the service until it is told to stop. The environment sets it up: COUNTERFOIL_…"


def run(arguments: Sequence[str]) -> int:
    """Run the service until it is told to stop; the same as no command."""
    parser(PROGRAM, "run", _HELP).parse_args(arguments)
    chosen = settings.load()
    logs.configure("storage", level=chosen.log_level, format=chosen.log_format)
    engine = database.create(chosen.database_url)
    if MIGRATIONS.needed_at_start(engine):
        raise Refused(MIGRATIONS.advice(engine, PROGRAM))
    reach = failpoints.from_environment()
    spans, registry = tracing.from_environment("storage"), process_registry("storage-service")
    instruments = messaging(registry, service.WORKS)
    broker = RabbitMQ(chosen.broker_url, name="storage", reach=reach, instruments=instruments)
    return 0 if service.run(chosen, engine, broker, reach, registry, spans) else 1
