"""Builds the consumer of storage's queue: which events it takes, and who handles each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from shared import tracing
from shared.contracts import SubmissionAccepted, SubmissionsStored, decoder
from shared.failpoints import Reach
from shared.messaging.batching import BatchLimits
from shared.messaging.broker import Broker, Consumer
from shared.messaging.dispatch import Handlers, dispatching
from shared.messaging.topology import STORAGE
from storage_service.store.handler import StoreSubmissions
from storage_service.store.instruments import TimedRepository, counting
from storage_service.store.repository import SubmissionRepository


def build(
    broker: Broker,
    engine: Engine,
    limits: BatchLimits,
    *,
    announce: Callable[[SubmissionsStored], None],
    registry: CollectorRegistry,
    reach: Reach,
    spans: tracing.Spans | None,
) -> Consumer:
    """Return the consumer, which takes batches of at most these limits."""
    store = StoreSubmissions(
        TimedRepository(SubmissionRepository(engine), registry),
        announce=announce,
        clock=lambda: datetime.now(UTC),
        reach=reach,
        note=counting(registry),
    )
    handlers: Handlers = {
        SubmissionAccepted: store,
    }
    return broker.consumer(STORAGE, tracing.traced(dispatching(handlers), STORAGE, spans), limits, decoder(*handlers))
