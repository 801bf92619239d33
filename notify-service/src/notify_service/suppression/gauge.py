"""Shows how many addresses are sent no mail, by reason."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from notify_service.suppression.reasons import REASONS, Reason
from shared.messaging.failures import DependencyUnavailable

COUNTED_EVERY_S = 60.0
"""How old a figure may be: counting reads all of the table, and changes little."""


@dataclass(slots=True, eq=False)  # a registry keeps it by its hash
class SuppressedGauge(Collector):
    """Counts by a database query, at most once a minute however often it is asked; shows nothing while that fails."""

    count: Callable[[], Mapping[Reason, int]]
    clock_s: Callable[[], float] = time.monotonic
    _counted: Mapping[Reason, int] = field(default_factory=dict)
    _until_s: float | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the figures; see `Collector`."""
        family = GaugeMetricFamily(
            "counterfoil_suppressed_addresses",
            "Addresses that are sent no mail, or no digests of a form, by reason. All replicas see the same.",
            labels=["reason"],
        )
        try:
            counted = self._figures()
        except DependencyUnavailable:
            return  # no figure is better than a wrong one
        for reason in REASONS:
            family.add_metric([reason], counted.get(reason, 0))
        yield family

    def _figures(self) -> Mapping[Reason, int]:
        with self._turn:
            now_s = self.clock_s()
            if self._until_s is None or now_s >= self._until_s:
                self._counted = self.count()
                self._until_s = now_s + COUNTED_EVERY_S
            return self._counted
