"""Puts a span around each delivery that a handler takes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TypeVar

from shared.contracts.event import Event, type_of
from shared.messaging.failures import Delivery, Handler, Results
from shared.messaging.topology import WorkQueue
from shared.tracing.spans import Attributes, Spans, destination

E = TypeVar("E", bound=Event)


def traced(handler: Handler[E], work: WorkQueue, spans: Spans | None) -> Handler[E]:
    """Return the handler with a span around each delivery, below the gateway's publish; itself without `spans`.

    All spans of a batch last as long as the batch. One span for the whole batch would be a separate trace, and each
    submission's own trace would end at the broker.
    """
    if spans is None:
        return handler

    def handle(deliveries: Sequence[Delivery[E]]) -> Results | None:
        with ExitStack() as stack:
            begun = [
                stack.enter_context(
                    spans.continued(_name(one, work), "consumer", _about(one, work, len(deliveries)), one.traceparent)
                )
                for one in deliveries
            ]
            results = handler(deliveries)
            for span, error in zip(begun, results or (), strict=False):
                if error is not None:
                    span.fail(type(error).__name__)
            return results

    return handle


def _name(delivery: Delivery[E], work: WorkQueue) -> str:
    return f"process {destination(type_of(delivery.event), work.name)}"


def _about(delivery: Delivery[E], work: WorkQueue, size: int) -> Attributes:
    return {
        "messaging.system": "rabbitmq",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": destination(type_of(delivery.event), work.name),
        "messaging.rabbitmq.destination.routing_key": type_of(delivery.event),
        "messaging.message.id": str(delivery.event.id),
        "counterfoil.attempt": delivery.attempt,
        "counterfoil.batch.size": size,
    }
