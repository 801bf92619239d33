"""Measures spam that is learned: what there is by database queries at each scrape, trainings as they end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from shared.messaging.failures import DependencyUnavailable
from storage_service.spam.outcome import KINDS, Outcome
from storage_service.spam.standing import Standing, standing


class _Standing(Collector):
    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            now = standing(self._engine)
        except DependencyUnavailable:
            return  # no figure is better than a wrong one
        labels = GaugeMetricFamily(
            "counterfoil_spam_labels",
            "Submissions that people called spam or no spam. All replicas see the same.",
            labels=["kind"],
        )
        labels.add_metric(["good"], now.good)
        labels.add_metric(["spam"], now.spam)
        yield labels
        for name, (text, value) in _figures(now, self._clock()).items():
            yield GaugeMetricFamily(name, text, value=value)


def _figures(now: Standing, at: datetime) -> dict[str, tuple[str, float]]:
    newest, current = now.newest, now.current
    is_refused = newest is not None and newest.state == "refused"
    told: dict[str, tuple[str, float]] = {
        "counterfoil_spam_model_refused": ("1 where the model trained last is worse than that before.", is_refused)
    }
    if current is not None:
        told["counterfoil_spam_model_number"] = ("The number of the model that gateways use.", current.number)
        told["counterfoil_spam_model_may_hold"] = ("1 where forms may hold by it.", current.may_hold)
    if now.refreshed_at is not None:
        age_s = (at - now.refreshed_at).total_seconds()
        told["counterfoil_spam_model_refreshed_seconds"] = ("How old what gateways fetch is.", age_s)
    return told


def measure_spam(
    registry: CollectorRegistry, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Callable[[Outcome], None]:
    """Report how far it is; return what counts trainings by what came of them."""
    registry.register(_Standing(engine, clock))
    trainings = Counter(
        "counterfoil_spam_trainings", "Trainings of this process, by what came of them.", ["outcome"], registry=registry
    )
    for kind in KINDS:
        trainings.labels(kind)
    return lambda outcome: trainings.labels(outcome.kind).inc()
