"""Measures how many parked messages wait for a person, by a database query at each scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.messaging.failures import DependencyUnavailable


class _Parked(Collector):
    def __init__(self, waiting: Callable[[], Mapping[str, Mapping[str, int]]]) -> None:
        self._waiting = waiting

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "counterfoil_parked_waiting",
            "Parked messages that wait for a person, by kind of reason. All replicas see the same.",
            labels=["queue", "reason"],
        )
        try:
            waiting = self._waiting()
        except DependencyUnavailable:
            return  # no figure is better than a wrong one
        for queue, kinds in waiting.items():
            for kind, number in kinds.items():
                family.add_metric([queue, kind], number)
        yield family


def measure_parked(registry: CollectorRegistry, waiting: Callable[[], Mapping[str, Mapping[str, int]]]) -> None:
    """Report how many wait, by work queue and kind of reason; nothing while the database is away."""
    registry.register(_Parked(waiting))
