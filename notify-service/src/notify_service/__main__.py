"""The composition root: `python -m notify_service` runs.

`python -m notify_service migrate` updates the schema, `python -m notify_service parked …` is for an operator.
"""

from __future__ import annotations

import signal
import socket
import ssl
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial

import structlog
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from notify_service import pace, settings
from notify_service.breaker import Breaker
from notify_service.deliveries import ClaimTable
from notify_service.email import SmtpSender
from notify_service.handler import SendConfirmations
from notify_service.instruments import NotifyInstruments
from notify_service.mail import Composer
from notify_service.queries import methods
from notify_service.recording import Recorder
from notify_service.reopening import reopening
from notify_service.tables import MIGRATIONS, PARKED
from notify_service.tracing import TracedCaller, TracedSender
from notify_service.webhook import WebhookSender
from notify_service.webhook_connection import GuardedCaller, tls_context
from notify_service.webhook_handler import SendWebhooks
from shared import database, failpoints, forms, logs, tracing
from shared.messaging.batching import BatchLimits
from shared.messaging.broker import Broker, Consumer
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.running import run_until_told
from shared.messaging.topology import NOTIFY_EMAIL, NOTIFY_QUERIES, NOTIFY_WEBHOOK
from shared.parked import command
from shared.parked.collector import ParkedCollector
from shared.parked.messages import ParkedMessages
from shared.settings import SettingsError
from shared.telemetry.health import ProcessHealth
from shared.telemetry.listener import listening
from shared.telemetry.messaging import messaging
from shared.telemetry.parked import measure_parked
from shared.telemetry.registry import process_registry

PROGRAM = "python -m notify_service"
USAGE = f"usage: {PROGRAM} [migrate | parked …]"


def main(arguments: Sequence[str]) -> int:
    """Run or migrate, and return the exit code: 0 when told to stop, 2 when it cannot start as it is set up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if arguments[:1] == ["parked"]:
        return command.run(f"{PROGRAM} parked", arguments[1:], _open_parked)
    if list(arguments) not in ([], ["migrate"]):
        return _refuse(USAGE)
    try:
        return _migrate() if arguments else _run()
    except (SettingsError, forms.FormsError) as error:
        return _refuse(str(error))


def _migrate() -> int:
    chosen = settings.load_for_command()
    logs.configure("notify", level=chosen.log_level, format=chosen.log_format)
    try:
        MIGRATIONS.upgrade(database.create(chosen.database_url))
    except DBAPIError as error:
        return _refuse(f"the database cannot be migrated: {error.orig}")
    return 0


def _run() -> int:
    chosen = settings.load()
    remarks = partial(forms.remarks, secrets=chosen.form_secrets, tables=["webhook"])
    served = forms.LiveForms(chosen.forms, remarks=remarks)
    logs.configure("notify", level=chosen.log_level, format=chosen.log_format)
    served.tell()
    engine = database.create(chosen.database_url)
    if _is_pending(engine):
        return _refuse(f"the database has not been migrated: run `{PROGRAM} migrate` first")
    served.follow()
    reach = failpoints.from_environment()
    registry = process_registry("notify-service")
    instruments = messaging(registry, [NOTIFY_EMAIL, NOTIFY_WEBHOOK])
    broker = RabbitMQ(chosen.broker_url, name="notify", reach=reach, instruments=instruments)
    told = run(chosen, served, engine, broker, reach, registry, tracing.from_environment("notify"))
    return 0 if told else 1


def run(
    chosen: settings.Settings,
    served: forms.Forms,
    engine: Engine,
    broker: Broker,
    reach: failpoints.Reach,
    registry: CollectorRegistry,
    spans: tracing.Spans | None = None,
) -> bool:
    """Send confirmations and webhooks, and answer queries, until SIGTERM or SIGINT; False where it ended untold.

    Raises `SettingsError` where metrics cannot be served.
    """
    announcer = broker.announcer()
    table = ClaimTable(engine, chosen.caps)
    composer = Composer(chosen.mail_from, _now)
    breaker, measuring = Breaker(time.monotonic), NotifyInstruments(registry)
    measuring.watch("email", lambda: int(breaker.is_open))
    senders = _senders(chosen, breaker)
    deliveries = measuring.counted(table, "email", by_source=chosen.caps.source is not None)
    recorder = Recorder(deliveries.record_sent)
    handlers = [
        SendConfirmations(
            served,
            deliveries,
            recorder,
            measuring.timed_mail(TracedSender(sender, chosen.smtp, spans) if spans else sender),
            composer.compose,
            announcer.announce,
            _now,
            reach,
            send_timeout_s=chosen.smtp_timeout_s,
            caps=chosen.caps,
        )
        for sender in senders
    ]
    limits = BatchLimits(size=1 if spans else pace.MOST)  # a mail's span stands below its own event's, and no other's
    consumers = [
        broker.consumer(NOTIFY_EMAIL, tracing.traced(handler, NOTIFY_EMAIL, spans), limits) for handler in handlers
    ]
    consumers += _webhook_consumers(chosen, served, engine, broker, reach, measuring, spans)
    reopen = reopening(table, _now)
    parked = ParkedCollector(broker, engine, PARKED, [NOTIFY_EMAIL, NOTIFY_WEBHOOK], reach=reach, reopen=reopen)
    measure_parked(registry, parked.repository.waiting)
    answering = broker.serve(NOTIFY_QUERIES, {**methods(table, parked.repository), **parked.methods()})
    health = ProcessHealth(
        stuck=[broker.stuck, *(consumer.stuck for consumer in consumers)],
        missing=[consumer.missing for consumer in consumers],
    )
    try:
        with listening(chosen.metrics_bind, health, registry):
            return run_until_told(consumers)
    finally:
        for part in (answering, parked, recorder, announcer, *senders):
            part.close()
        engine.dispose()
        if spans:
            spans.close()


def _senders(chosen: settings.Settings, breaker: Breaker) -> list[SmtpSender]:
    tls, hello = ssl.create_default_context(), _own_name()
    return [SmtpSender(chosen.smtp, breaker, hello=hello, tls=tls) for _ in range(chosen.smtp_connections)]


def _webhook_consumers(
    chosen: settings.Settings,
    served: forms.Forms,
    engine: Engine,
    broker: Broker,
    reach: failpoints.Reach,
    measuring: NotifyInstruments,
    spans: tracing.Spans | None,
) -> list[Consumer]:
    """Return what sends webhooks, apart from mail: an endpoint that hangs keeps nothing waiting but webhooks."""
    table = measuring.counted(ClaimTable(engine), "webhook")
    caller = GuardedCaller(tls_context(), chosen.webhook_allow)
    timed = measuring.timed_caller(TracedCaller(caller, spans) if spans else caller)
    sender = WebhookSender(timed, _now, chosen.form_secrets, calls_most=max(1, chosen.webhook_connections - 1))
    measuring.watch_secrets(lambda: len(forms.missing(served, chosen.form_secrets, ["webhook"])))
    measuring.watch("webhook", lambda: sender.resting(served))
    handlers = [
        SendWebhooks(served, table, sender, _now, reach, send_timeout_s=chosen.webhook_timeout_s)
        for _ in range(chosen.webhook_connections)
    ]
    return [
        broker.consumer(NOTIFY_WEBHOOK, tracing.traced(handler, NOTIFY_WEBHOOK, spans), BatchLimits(size=1))
        for handler in handlers
    ]


def _open_parked(can_publish: bool) -> AbstractContextManager[ParkedMessages]:  # noqa: FBT001 - see command
    """Return what the command `parked` works with; raises `command.Refused`."""
    try:
        chosen = settings.load_for_command(with_broker=can_publish)
    except SettingsError as error:
        raise command.Refused(str(error)) from error
    logs.configure("notify", level="warning", format=chosen.log_format)
    engine = database.create(chosen.database_url)
    reopen = reopening(ClaimTable(engine), _now)
    return command.open_messages(engine, PARKED, MIGRATIONS, chosen.broker_url, name="notify operator", reopen=reopen)


def _own_name() -> str:
    """Return what to say in EHLO: this host's name, else an address literal, as smtplib does."""
    name = socket.getfqdn()
    return name if "." in name else "[127.0.0.1]"


def _is_pending(engine: Engine) -> bool:
    try:
        return MIGRATIONS.pending(engine)
    except DependencyUnavailable as error:  # the consumers hold what arrives until the database is back
        structlog.get_logger().warning("starting without the database", reason=str(error))
        return False


def _now() -> datetime:
    return datetime.now(UTC)


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)  # noqa: T201 - to whoever starts it; logs may not be set up yet
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
