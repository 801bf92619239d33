"""Builds the consumer of what notify tells of deliveries."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine

from shared import tracing
from shared.contracts import DeliveryMissing, DeliverySettled, decoder
from shared.messaging.batching import BatchLimits
from shared.messaging.broker import Broker, Consumer
from shared.messaging.dispatch import Handlers, dispatching
from shared.messaging.topology import STORAGE_DELIVERIES
from storage_service.deliveries.handler import RecordSettled
from storage_service.deliveries.returning import ReturnMissing
from storage_service.deliveries.states import DeliveryStates

_LIMITS = BatchLimits(size=2)
"""Each message may tell of hundreds of deliveries."""


def build(broker: Broker, engine: Engine, others: Handlers, *, spans: tracing.Spans | None) -> Consumer:
    """Return the consumer. `others` take what else notify tells on this queue."""
    handlers: Handlers = {
        DeliverySettled: RecordSettled(DeliveryStates(engine), lambda: datetime.now(UTC)),
        DeliveryMissing: ReturnMissing(engine),
        **others,
    }
    handler = tracing.traced(dispatching(handlers), STORAGE_DELIVERIES, spans)
    return broker.consumer(STORAGE_DELIVERIES, handler, _LIMITS, decoder(*handlers))
