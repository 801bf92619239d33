"""Measures jobs: what waits by a database query at each scrape, what ended as it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.messaging.failures import DependencyUnavailable
from storage_service.jobs.job import Job
from storage_service.jobs.table import Open


class _Jobs(Collector):
    def __init__(self, opened: Callable[[], Open]) -> None:
        self._opened = opened

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            opened = self._opened()
        except DependencyUnavailable:
            return  # no figure is better than a wrong one
        jobs = GaugeMetricFamily(
            "counterfoil_jobs", "Jobs that are not finished. All replicas see the same.", labels=["state"]
        )
        jobs.add_metric(["waiting"], opened.waiting)
        jobs.add_metric(["running"], opened.running)
        yield jobs
        yield GaugeMetricFamily(
            "counterfoil_jobs_oldest_seconds",
            "How long the one of those that wait has waited that nobody has worked on for the longest time.",
            value=opened.oldest_s,
        )


def measure_jobs(registry: CollectorRegistry, opened: Callable[[], Open]) -> Callable[[Job], None]:
    """Report what is not finished, nothing while the database is away; return what counts a job that has ended."""
    registry.register(_Jobs(opened))
    ended = Counter(
        "counterfoil_jobs_ended", "Jobs that came to their end in this process.", ["state"], registry=registry
    )
    passed = Counter("counterfoil_jobs_passed_over", "Submissions that jobs could not do it to.", registry=registry)
    for state in ("done", "stopped", "failed"):
        ended.labels(state)

    def count(job: Job) -> None:
        ended.labels(job.state).inc()
        passed.inc(job.failed)

    return count
