"""Builds the consumer of presses of the button in a mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import get_args

from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import Engine

from shared import tracing
from shared.contracts import OptedIn, SubmissionOptedIn, decoder
from shared.failpoints import Reach
from shared.messaging.batching import BatchLimits
from shared.messaging.broker import Broker, Consumer
from shared.messaging.dispatch import Handlers, dispatching
from shared.messaging.topology import STORAGE_OPT_INS
from storage_service.opt_in.confirming import ConfirmOptIns, Outcome

_LIMITS = BatchLimits(size=25)


def build(
    broker: Broker,
    engine: Engine,
    *,
    announce: Callable[[OptedIn], None],
    registry: CollectorRegistry,
    reach: Reach,
    spans: tracing.Spans | None,
) -> Consumer:
    """Return the consumer."""
    confirming = ConfirmOptIns(
        engine, announce=announce, clock=lambda: datetime.now(UTC), reach=reach, note=_counting(registry)
    )
    handlers: Handlers = {SubmissionOptedIn: confirming}
    handler = tracing.traced(dispatching(handlers), STORAGE_OPT_INS, spans)
    return broker.consumer(STORAGE_OPT_INS, handler, _LIMITS, decoder(*handlers))


def _counting(registry: CollectorRegistry) -> Callable[[Outcome], None]:
    counter = Counter("counterfoil_opt_ins", "Presses of the button in a mail.", ["outcome"], registry=registry)
    for outcome in get_args(Outcome):  # shown from the start, at zero
        counter.labels(outcome)
    return lambda outcome: counter.labels(outcome).inc()
