"""Measures the sweep: what waits by database queries at each scrape, what is done as it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from shared.database import classified, reading
from shared.messaging.failures import DependencyUnavailable
from storage_service.sweeping import orphans, removals, state


class _Waiting(Collector):
    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._reading = reading(engine)
        self._clock = clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            with classified(), self._reading.connect() as connection:
                count, size = orphans.total(connection)
                waiting = removals.waiting(connection)
                swept = state.read(connection)
        except DependencyUnavailable:
            return  # no figure is better than a wrong one
        now = self._clock()
        told = {
            "counterfoil_files_orphans": (
                "Files in the store that nobody seems to need. All replicas see the same.",
                count,
            ),
            "counterfoil_files_orphan_bytes": ("Bytes of these.", size),
            "counterfoil_files_removals_waiting": (
                "Files of erased submissions that the store still has.",
                waiting.count,
            ),
            "counterfoil_files_removals_oldest_seconds": (
                "For how long the first of these has waited.",
                (now - waiting.since).total_seconds() if waiting.since else 0.0,
            ),
        }
        if swept and swept.settled_from:
            told["counterfoil_files_settled_seconds"] = (
                "How long ago that was before which all that was published is settled: orphans wait for it.",
                (now - swept.settled_from).total_seconds(),
            )
        for name, (text, value) in told.items():
            yield GaugeMetricFamily(name, text, value=value)


class SweepInstruments:
    """The metrics of the sweep in a console."""

    def __init__(
        self, registry: CollectorRegistry, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        registry.register(_Waiting(engine, clock))
        self.found: Callable[[float], None] = Counter(
            "counterfoil_files_orphans_found",
            "Files that nobody seemed to need when this process looked.",
            registry=registry,
        ).inc
        self.swept: Callable[[float], None] = Counter(
            "counterfoil_files_orphans_removed", "Orphans that this process removed.", registry=registry
        ).inc
        self.contested: Callable[[float], None] = Gauge(
            "counterfoil_files_contested",
            "1 where another database has the same store of files, so that nobody sweeps it.",
            registry=registry,
        ).set
        undeletable = Gauge(
            "counterfoil_files_undeletable",
            "Files that this process could not delete while the store worked, and tries again after an hour.",
            ["of"],
            registry=registry,
        )
        self.orphans_undeletable: Callable[[float], None] = undeletable.labels("orphans").set
        self.removals_undeletable: Callable[[float], None] = undeletable.labels("removals").set
        self.removed: Callable[[float], None] = Counter(
            "counterfoil_files_removed", "Files of erased submissions that this process removed.", registry=registry
        ).inc

    def sweeps_no_more(self) -> None:
        """Say nothing any more of what only the sweeping process knows: another one is it."""
        self.contested(0)
        self.orphans_undeletable(0)

    def removes_no_more(self) -> None:
        """Say nothing any more of what only the removing process knows: another one is it."""
        self.removals_undeletable(0)
