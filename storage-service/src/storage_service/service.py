"""Builds the parts of the storage service, runs them, and closes them: the composition root."""

from __future__ import annotations

import gc

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from shared import tracing
from shared.contracts import HookGone
from shared.database import Lease, Outbox, OutboxPublisher
from shared.failpoints import Reach
from shared.messaging.batching import BatchLimits
from shared.messaging.broker import Broker
from shared.messaging.running import run_until_told
from shared.messaging.topology import STORAGE, STORAGE_DELIVERIES, STORAGE_OPT_INS, STORAGE_QUERIES
from shared.parked.collector import ParkedCollector
from shared.telemetry.health import ProcessHealth
from shared.telemetry.listener import listening
from shared.telemetry.outbox import measure_outbox
from shared.telemetry.parked import measure_parked
from storage_service.deliveries import consumer as deliveries_consumer
from storage_service.erasing.parked import RefuseErased
from storage_service.files.parked import give_up_parked
from storage_service.hooks import Hooks
from storage_service.hooks.gone import EndGone
from storage_service.opt_in import consumer as opt_in_consumer
from storage_service.opt_in.again import OptInAgain
from storage_service.queries import SubmissionQueries
from storage_service.records.lines import LineQueries
from storage_service.settings import Settings
from storage_service.spam.sending import ModelQueries
from storage_service.store import consumer as store_consumer
from storage_service.sweeping.building import watcher_of
from storage_service.sweeping.presence import Presence
from storage_service.sweeping.times import USUAL, Times
from storage_service.tables import LEASES, OUTBOX, PARKED

WORKS = (STORAGE, STORAGE_DELIVERIES, STORAGE_OPT_INS)
"""The queues that are taken."""


def run(
    settings: Settings,
    engine: Engine,
    broker: Broker,
    reach: Reach,
    registry: CollectorRegistry,
    spans: tracing.Spans | None = None,
    times: Times = USUAL,
) -> bool:
    """Store what arrives and answer queries until SIGTERM or SIGINT; return False where it ended without either.

    Raises `SettingsError` where metrics cannot be served.
    """
    announcer = broker.announcer()
    limits = BatchLimits(size=settings.batch_size, age_s=settings.batch_age_ms / 1000)
    consumer = store_consumer.build(
        broker, engine, limits, announce=announcer.announce, registry=registry, reach=reach, spans=spans
    )
    opt_ins = opt_in_consumer.build(
        broker, engine, announce=announcer.announce, registry=registry, reach=reach, spans=spans
    )
    told = deliveries_consumer.build(broker, engine, {HookGone: EndGone(Hooks(engine))}, spans=spans)
    outbox = OutboxPublisher(engine, Outbox(OUTBOX), Lease(LEASES, "outbox"), broker.publisher(), reach=reach)
    measure_outbox(registry, outbox.waiting)
    refuse = RefuseErased(engine)
    parked = ParkedCollector(broker, engine, PARKED, WORKS, reach=reach, refuse=refuse, forgetting=give_up_parked)
    measure_parked(registry, parked.repository.waiting)
    asked = (
        SubmissionQueries(engine),
        LineQueries(engine),
        OptInAgain(engine, reach=reach),
        ModelQueries(engine),
        parked,
    )
    answers = {name: method for one in asked for name, method in one.methods().items()}
    answering = broker.serve(STORAGE_QUERIES, answers, parked.console_methods())
    _collect_less_often()
    presence = Presence(engine, broker.held_for_s, every_s=times.beat_every_s)
    running = [consumer, opt_ins, told, outbox, presence, watcher_of(engine, settings.broker_url, times)]
    health = ProcessHealth(
        stuck=[broker.stuck, *(one.stuck for one in running)], missing=[one.missing for one in running]
    )
    try:
        with listening(settings.metrics_bind, health, registry):
            return run_until_told(running)
    finally:
        for part in (answering, parked, announcer):
            part.close()
        presence.leave()
        engine.dispose()
        if spans:
            spans.close()


def _collect_less_often() -> None:
    """Leave what was imported out of garbage collection, and collect after more allocations.

    A batch is thousands of objects without a cycle among them: looking for one took a tenth of the drain's speed.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
