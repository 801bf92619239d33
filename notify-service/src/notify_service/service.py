"""The composition root: builds all parts of the service, and runs them until it is told to stop."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from notify_service import settings
from notify_service.channels.channel import Channel
from notify_service.channels.registry import ChannelNeeds, channels
from notify_service.channels.webhook import webhook_urls
from notify_service.deliveries.interface import Deliveries
from notify_service.deliveries.pace import MOST
from notify_service.deliveries.recording import Recorder
from notify_service.deliveries.reopening import reopening
from notify_service.deliveries.table import DeliveryTable
from notify_service.deliveries.worker import DeliveryWorker
from notify_service.instruments import NotifyInstruments
from notify_service.planning.one_channel import OneChannel
from notify_service.queries import methods
from notify_service.tables import PARKED
from notify_service.tracing import TracedCaller, TracedSender
from notify_service.transports.breaker import Breaker
from notify_service.transports.http.connection import GuardedCaller, tls_context
from notify_service.transports.http.sender import HttpSender
from notify_service.transports.smtp.sender import smtp_senders
from notify_service.transports.transport import Transport
from shared import failpoints, forms, tracing
from shared.contracts import SubmissionAccepted, decoder
from shared.messaging.batching import BatchLimits
from shared.messaging.broker import Announcer, Broker, Closable
from shared.messaging.running import run_until_told
from shared.messaging.topology import NOTIFY_EMAIL, NOTIFY_QUERIES, NOTIFY_WEBHOOK
from shared.parked.collector import ParkedCollector
from shared.telemetry.health import ProcessHealth
from shared.telemetry.listener import listening
from shared.telemetry.parked import measure_parked


@dataclass(frozen=True, slots=True)
class Parts:
    """What every worker of a process shares."""

    chosen: settings.Settings
    forms: forms.Forms
    table: DeliveryTable
    channels: Mapping[str, Channel]
    announcer: Announcer
    measuring: NotifyInstruments
    reach: failpoints.Reach
    spans: tracing.Spans | None

    def worker(self, name: str, deliveries: Deliveries, recorder: Recorder, transport: Transport) -> DeliveryWorker:
        """Return a worker of one channel; its tries are timed."""
        channel = self.channels[name]
        is_http = channel.transport == "http"
        return DeliveryWorker(
            OneChannel(channel, self.forms, deliveries.confirmations, _now, is_promised=is_http),
            self.channels,
            self.measuring.timed(transport, channel.told_as),
            deliveries,
            recorder,
            self.announcer.announce,
            _now,
            self.reach,
            send_timeout_s=self.chosen.webhook_timeout_s if is_http else self.chosen.smtp_timeout_s,
            caps=self.chosen.caps,
            point="webhook-" if is_http else "",
        )


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
    needs = ChannelNeeds(chosen.mail_from, chosen.form_secrets, _now)
    measuring, table, announcer = NotifyInstruments(registry), DeliveryTable(engine, chosen.caps), broker.announcer()
    parts = Parts(chosen, served, table, channels(needs), announcer, measuring, reach, spans)
    mails, closing = _mail_workers(parts)
    webhooks, recorder = _webhook_workers(parts)
    accepted = decoder(SubmissionAccepted)
    limits = BatchLimits(size=1 if spans else MOST)  # a mail's span stands below its own event's, and no other's
    consumers = [
        broker.consumer(NOTIFY_EMAIL, tracing.traced(one, NOTIFY_EMAIL, spans), limits, accepted) for one in mails
    ]
    consumers += [
        broker.consumer(NOTIFY_WEBHOOK, tracing.traced(one, NOTIFY_WEBHOOK, spans), BatchLimits(size=1), accepted)
        for one in webhooks
    ]
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
        for part in (answering, parked, *closing, recorder, announcer):
            part.close()
        engine.dispose()
        if spans:
            spans.close()


def _mail_workers(parts: Parts) -> tuple[list[DeliveryWorker], list[Closable]]:
    """Return what sends mail, each with a connection of its own, and what is to be closed after it."""
    chosen, breaker = parts.chosen, Breaker(time.monotonic)
    parts.measuring.watch("email", lambda: int(breaker.is_open))
    deliveries = parts.measuring.counted(parts.table, "email", by_source=chosen.caps.source is not None)
    recorder = Recorder(deliveries.record_sent)
    senders = smtp_senders(chosen.smtp, breaker, chosen.smtp_connections)
    workers = [
        parts.worker(
            "confirmation",
            deliveries,
            recorder,
            TracedSender(sender, chosen.smtp, parts.spans) if parts.spans else sender,
        )
        for sender in senders
    ]
    return workers, [recorder, *senders]


def _webhook_workers(parts: Parts) -> tuple[list[DeliveryWorker], Closable]:
    """Return what sends webhooks, apart from mail: an endpoint that hangs keeps nothing waiting but webhooks."""
    chosen, served = parts.chosen, parts.forms
    deliveries = parts.measuring.counted(parts.table, "webhook")
    recorder = Recorder(deliveries.record_sent)
    caller = GuardedCaller(tls_context(), chosen.webhook_allow)
    sender = HttpSender(
        TracedCaller(caller, parts.spans) if parts.spans else caller,
        _now,
        calls_most=max(1, chosen.webhook_connections - 1),
    )
    parts.measuring.watch_secrets(lambda: len(forms.missing(served, chosen.form_secrets, ["webhook"])))
    parts.measuring.watch("webhook", lambda: sender.resting(webhook_urls(served)))
    workers = [parts.worker("webhook", deliveries, recorder, sender) for _ in range(chosen.webhook_connections)]
    return workers, recorder
