"""Measures retention: what was taken as it is, and at each scrape for how long something is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.messaging.failures import DependencyUnavailable
from storage_service.records.bounded import QueryTookTooLong
from storage_service.retention.rules import Rule


class _Behind(Collector):
    def __init__(self, behind_s: Callable[[], float]) -> None:
        self._behind_s = behind_s

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            seconds = self._behind_s()
        except (DependencyUnavailable, QueryTookTooLong):
            return  # no figure is better than a wrong one
        yield GaugeMetricFamily(
            "counterfoil_retention_behind_seconds",
            "For how long something has been due that retention has not taken. All replicas see the same.",
            value=seconds,
        )


def measure_retention(registry: CollectorRegistry, behind_s: Callable[[], float]) -> Callable[[Rule, int], None]:
    """Report how far it is behind, nothing while the database is away; return what counts what was taken."""
    registry.register(_Behind(behind_s))
    taken = Counter(
        "counterfoil_retention_taken",
        "Submissions whose time was over: erased, or made anonymous, by this process.",
        ["action"],
        registry=registry,
    )
    for action in ("erase", "anonymise"):
        taken.labels(action)
    return lambda rule, count: taken.labels(rule.action).inc(count)
