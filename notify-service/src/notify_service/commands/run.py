"""`python -m notify_service` runs the service."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from notify_service import service, settings
from notify_service.channels.registry import with_secrets
from notify_service.commands.terminal import PROGRAM, Refused, parser
from notify_service.tables import MIGRATIONS
from shared import database, failpoints, forms, logs, tracing
from shared.messaging.rabbitmq import RabbitMQ
from shared.telemetry.messaging import messaging
from shared.telemetry.registry import process_registry

_HELP = "Run the service until it is told to stop. The environment sets it up: COUNTERFOIL_…"


def run(arguments: Sequence[str]) -> int:
    """Run the service until it is told to stop; the same as no command."""
    parser("run", _HELP).parse_args(arguments)
    chosen = settings.load()
    has_owner_mail = bool(chosen.owner_mail)
    warnings = partial(
        forms.find_warnings, secrets=chosen.form_secrets, tables=with_secrets(), has_owner_mail=has_owner_mail
    )
    served = forms.ReloadingForms(chosen.forms, warnings=warnings)
    logs.configure("notify", level=chosen.log_level, format=chosen.log_format)
    served.tell()
    engine = database.create(chosen.database_url, by_index=True)
    if MIGRATIONS.needed_at_start(engine):
        raise Refused(f"the database has not been migrated: run `{PROGRAM} migrate` first")
    served.follow()
    reach = failpoints.from_environment()
    registry = process_registry("notify-service")
    instruments = messaging(registry, service.WORKS)
    broker = RabbitMQ(chosen.broker_url, name="notify", reach=reach, instruments=instruments)
    told = service.run(chosen, served, engine, broker, reach, registry, tracing.from_environment("notify"))
    return 0 if told else 1
