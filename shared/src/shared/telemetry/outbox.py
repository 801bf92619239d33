"""Measures what waits in an outbox, by a database query at each scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.database.outbox import Waiting
from shared.messaging.failures import DependencyUnavailable


class _Outbox(Collector):
    def __init__(self, waiting: Callable[[], Waiting]) -> None:
        self._waiting = waiting

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            waiting = self._waiting()
        except DependencyUnavailable:
            return  # no figure is better than a wrong one
        yield GaugeMetricFamily(
            "counterfoil_outbox_waiting",
            "Messages in the database that the broker has not confirmed. All replicas see the same.",
            value=waiting.count,
        )
        yield GaugeMetricFamily(
            "counterfoil_outbox_oldest_seconds", "How long the oldest of them has waited.", value=waiting.oldest_s
        )


def measure_outbox(registry: CollectorRegistry, waiting: Callable[[], Waiting]) -> None:
    """Report how many messages wait and how long the oldest has; nothing while the database is away."""
    registry.register(_Outbox(waiting))
