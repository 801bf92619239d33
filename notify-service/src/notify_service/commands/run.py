"""`python -m notify_service` runs the service."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from notify_service import service, settings
from notify_service.channels.mail.template_set import TemplatesError
from notify_service.channels.mail.templates import Templates
from notify_service.channels.registry import with_secrets
from notify_service.commands import signing
from notify_service.commands.terminal import PROGRAM, Refused, parser
from notify_service.tables import MIGRATIONS
from shared import database, failpoints, forms, logs, tracing
from shared.messaging.rabbitmq import RabbitMQ
from shared.telemetry.messaging import messaging
from shared.telemetry.registry import process_registry

IDLE_S = 1.0
"""How long a connection to the database may lie idle before it is asked whether it still works. What fails without that
is held and tried again, as while the database is away."""

_HELP = "Run the service until it is told to stop. The environment sets it up: COUNTERFOIL_…"


def run(arguments: Sequence[str]) -> int:
    """Run the service until it is told to stop; the same as no command."""
    parser("run", _HELP).parse_args(arguments)
    chosen = settings.load()
    served, templates = _read(chosen)
    logs.configure("notify", level=chosen.log_level, format=chosen.log_format)
    served.tell()
    engine = database.create(chosen.database_url, by_index=True, pool=database.Pool(idle_s=IDLE_S))
    if MIGRATIONS.needed_at_start(engine):
        raise Refused(MIGRATIONS.advice(engine, PROGRAM))
    served.follow()
    templates.follow()
    reach = failpoints.from_environment()
    registry = process_registry("notify-service")
    instruments = messaging(registry, service.WORKS)
    broker = RabbitMQ(chosen.broker_url, name="notify", reach=reach, instruments=instruments)
    told = service.run(chosen, served, templates, engine, broker, reach, registry, tracing.from_environment("notify"))
    return 0 if told else 1


def _read(chosen: settings.Settings) -> tuple[forms.ReloadingForms, Templates]:
    """Read the forms and the templates of mails; raises `Refused` with all that is wrong in either."""
    warnings = partial(
        forms.find_warnings,
        secrets=chosen.form_secrets,
        tables=with_secrets(),
        has_owner_mail=bool(chosen.owner_mail),
        can_attach=chosen.files is not None,
    )
    served, templates, wrong = None, None, list[str]()
    try:
        served = forms.ReloadingForms(chosen.forms, warnings=warnings)
    except forms.FormsError as error:
        wrong.append(str(error))
    try:
        templates = Templates(chosen.templates)
    except TemplatesError as error:
        wrong.append(str(error))
    if served is not None:
        wrong += signing.missing(served, chosen.secret)
    if served is None or templates is None or wrong:
        raise Refused("\n".join(wrong))
    return served, templates
