"""A handler whose deliveries each have a span."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from shared.messaging.failures import Delivery, Handler
from shared.messaging.topology import WorkQueue
from shared.tracing.spans import Attributes, Spans, destination


def traced(handler: Handler, work: WorkQueue, spans: Spans | None) -> Handler:
    """Return the handler with a span around each delivery, below the gateway's publish; itself without `spans`.

    All deliveries of a batch last as long as the batch. One span for it with links to its events would be a trace
    apart, and a submission's own would end at the broker.
    """
    if spans is None:
        return handler
    name = f"process {destination(work.routing_key, work.name)}"

    def handle(deliveries: Sequence[Delivery]) -> None:
        with ExitStack() as stack:
            for delivery in deliveries:
                attributes = _about(delivery, work, len(deliveries))
                stack.enter_context(spans.continued(name, "consumer", attributes, delivery.traceparent))
            handler(deliveries)

    return handle


def _about(delivery: Delivery, work: WorkQueue, size: int) -> Attributes:
    return {
        "messaging.system": "rabbitmq",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": destination(work.routing_key, work.name),
        "messaging.rabbitmq.destination.routing_key": work.routing_key,
        "messaging.message.id": str(delivery.event.id),
        "counterfoil.attempt": delivery.attempt,
        "counterfoil.batch.size": size,
    }
