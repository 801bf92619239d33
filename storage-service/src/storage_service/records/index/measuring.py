"""Measures how far the search index is behind, by a database query at each scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.messaging.failures import DependencyUnavailable


class _Lag(Collector):
    def __init__(self, lag_s: Callable[[], float]) -> None:
        self._lag_s = lag_s

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            lag_s = self._lag_s()
        except DependencyUnavailable:
            return  # no figure is better than a wrong one
        help_text = (
            "How long the oldest submission that cannot be searched for has been stored. All replicas see the same."
        )
        yield GaugeMetricFamily("counterfoil_search_lag_seconds", help_text, value=lag_s)


def measure_lag(registry: CollectorRegistry, lag_s: Callable[[], float]) -> None:
    """Report how far the index is behind; nothing while the database is away."""
    registry.register(_Lag(lag_s))
