"""The composition root: builds all parts of the service, and runs them until it is told to stop."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from notify_service import settings
from notify_service.channels.confirmation import Composer
from notify_service.channels.webhook_sender import WebhookSender
from notify_service.deliveries.confirmations import SendConfirmations
from notify_service.deliveries.pace import MOST
from notify_service.deliveries.recording import Recorder
from notify_service.deliveries.reopening import reopening
from notify_service.deliveries.table import ClaimTable
from notify_service.deliveries.webhooks import SendWebhooks
from notify_service.instruments import NotifyInstruments
from notify_service.planning.planner import Planner
from notify_service.queries import methods
from notify_service.tables import PARKED
from notify_service.tracing import TracedCaller, TracedSender
from notify_service.transports.breaker import Breaker
from notify_service.transports.http.connection import GuardedCaller, tls_context
from notify_service.transports.smtp.sender import smtp_senders
from shared import failpoints, forms, tracing
from shared.messaging.batching import BatchLimits
from shared.messaging.broker import Broker, Consumer
from shared.messaging.running import run_until_told
from shared.messaging.topology import NOTIFY_EMAIL, NOTIFY_QUERIES, NOTIFY_WEBHOOK
from shared.parked.collector import ParkedCollector
from shared.telemetry.health import ProcessHealth
from shared.telemetry.listener import listening
from shared.telemetry.parked import measure_parked


def _now() -> datetime:
    return datetime.now(UTC)


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
    senders = smtp_senders(chosen.smtp, breaker, chosen.smtp_connections)
    deliveries = measuring.counted(table, "email", by_source=chosen.caps.source is not None)
    recorder = Recorder(deliveries.record_sent)
    handlers = [
        SendConfirmations(
            Planner(served, deliveries.confirmations, _now),
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
    limits = BatchLimits(size=1 if spans else MOST)  # a mail's span stands below its own event's, and no other's
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
