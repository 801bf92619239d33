"""Defines the metrics of messaging, which all services share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.messaging.failures import ParkedFor
from shared.messaging.instruments import ConsumeInstruments, Instruments, PublishInstruments, Refusal
from shared.messaging.topology import WorkQueue

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 10.0, 60.0)
"""Bounds of every histogram of seconds; 3 s is the deadline of a submission."""


def messaging(registry: CollectorRegistry, queues: Sequence[WorkQueue] = ()) -> Instruments:
    """Return instruments that count in a registry; `queues` are those that the process consumes."""
    reconnects = Counter(
        "counterfoil_broker_reconnects",
        "Connections to the broker that stand again after they were lost.",
        ["connection"],
        registry=registry,
    )
    return Instruments(
        _publishing(registry, reconnects.labels("publisher").inc),
        _consuming(registry, queues, reconnects) if queues else {},
    )


def _publishing(registry: CollectorRegistry, reconnected: Callable[[], None]) -> PublishInstruments:
    confirmed = Histogram(
        "counterfoil_publish_confirm_seconds",
        "From handing a message to the publisher until the broker confirmed it.",
        buckets=SECONDS,
        registry=registry,
    )
    refused = Counter(
        "counterfoil_publish_refused",
        "Messages that the broker did not confirm in time: it may have taken them all the same.",
        ["refusal"],
        registry=registry,
    )
    blocked = Gauge(
        "counterfoil_broker_blocked",
        "1 while the broker blocks publishers (memory or disk alarm).",
        registry=registry,
        multiprocess_mode="livemax",
    )
    counts = {refusal: refused.labels(refusal).inc for refusal in get_args(Refusal)}
    return PublishInstruments(confirmed.observe, lambda refusal: counts[refusal](), blocked.set, reconnected)


def _consuming(
    registry: CollectorRegistry, queues: Sequence[WorkQueue], reconnects: Counter
) -> dict[str, ConsumeInstruments]:
    received = Counter(
        "counterfoil_messages_received", "Messages that a consumer took in hand.", ["queue"], registry=registry
    )
    redelivered = Counter(
        "counterfoil_messages_redelivered",
        "Those of them that had been delivered before.",
        ["queue"],
        registry=registry,
    )
    retried = Counter(
        "counterfoil_messages_retried",
        "Messages put on a delay level, to come back.",
        ["queue", "level"],
        registry=registry,
    )
    parked = Counter(
        "counterfoil_messages_parked",
        "Messages put aside for a person, by kind of reason.",
        ["queue", "reason"],
        registry=registry,
    )
    holding = Gauge(
        "counterfoil_consumers_holding",
        "Consumers that wait for something that is away, and hold what they have.",
        ["queue"],
        registry=registry,
    )

    def of(work: WorkQueue) -> ConsumeInstruments:
        levels = {level: retried.labels(work.name, level).inc for level in work.levels_s}
        kinds = {kind: parked.labels(work.name, kind).inc for kind in get_args(ParkedFor)}
        come, again = received.labels(work.name).inc, redelivered.labels(work.name).inc

        def count(messages: int, returned: int) -> None:
            come(messages)
            again(returned)

        return ConsumeInstruments(
            received=count,
            retried=lambda level: levels[level](),
            parked=lambda kind: kinds[kind](),
            held=holding.labels(work.name).inc,
            reconnected=reconnects.labels("consumer").inc,
        )

    return {work.name: of(work) for work in queues}
