"""Measures one gateway worker, and tells its parent how it is."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge

from gateway.intake.outcome_counters import OutcomeCounters
from gateway.server.worker_status import keep_telling
from shared.messaging.broker import Broker
from shared.messaging.instruments import Instruments
from shared.telemetry.health import ProcessHealth
from shared.telemetry.messaging import messaging
from shared.telemetry.registry import describe_build, secrets_gauge

STATUSES = (400, 403, 404, 409, 413, 415, 422, 429, 500, 503)
"""What a submission is refused with, each counted from 0; any other counts as 500."""


class App(Protocol):
    """The application of a worker, as far as it is watched."""

    def missing(self) -> list[str]:
        """Return what keeps it from promising anything."""

    def in_flight(self) -> int:
        """Return how many messages wait for their confirm."""

    def secrets_missing(self) -> int:
        """Return how many forms' captchas have no secret that can be read."""


class WorkerInstruments:
    """Measures one worker; `directory` is where its parent looks. Make it once in a process."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        registry = CollectorRegistry()
        describe_build("gateway", registry)
        self.messaging: Instruments = messaging(registry)
        self.counters = _counters(registry)
        self._in_flight = _gauge("counterfoil_publish_in_flight", "Messages that wait for their confirm.", registry)
        self._secrets = secrets_gauge(registry).labels("captcha")
        self._workers = _gauge("counterfoil_gateway_workers", "Worker processes of the gateway.", registry)
        self._ready = _gauge("counterfoil_gateway_workers_ready", "Those of them that can confirm.", registry)

    def watch(self, broker: Broker, app: App) -> None:
        """Tell the parent each second, from now on, how this worker is."""
        self._workers.set(1)

        def sample() -> None:
            self._in_flight.set(app.in_flight())
            self._ready.set(not app.missing())
            self._secrets.set(app.secrets_missing())

        keep_telling(self._directory, ProcessHealth([broker.stuck], [app.missing]), sample)


def _gauge(name: str, text: str, registry: CollectorRegistry) -> Gauge:
    return Gauge(name, text, registry=registry, multiprocess_mode="livesum")


def _counters(registry: CollectorRegistry) -> OutcomeCounters:
    accepted = Counter(
        "counterfoil_submissions_accepted",
        "Submissions that the broker has confirmed and that were answered with 202, by whether a trap caught them.",
        ["spam"],
        registry=registry,
    )
    refused = Counter(
        "counterfoil_submissions_refused",
        "Submissions that were answered with an error. After a 503 it is unknown whether they are stored.",
        ["status"],
        registry=registry,
    )
    genuine, spam = accepted.labels("false").inc, accepted.labels("true").inc
    counts = {status: refused.labels(str(status)).inc for status in STATUSES}
    return OutcomeCounters(
        accepted=lambda is_spam: spam() if is_spam else genuine(),
        refused=lambda status: counts.get(status, counts[500])(),
    )
