"""Measures one gateway worker, and tells its parent how it is."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gateway.console.counters import PassingCounters
from gateway.intake.outcome_counters import OutcomeCounters
from gateway.server.mail_instruments import mail_counters
from gateway.server.spam_instruments import SpamGauges, verdicts_counter
from gateway.server.worker_status import keep_telling
from gateway.uploads.counters import FileCounters
from shared.files import FileStore
from shared.messaging.broker import Broker
from shared.messaging.instruments import Instruments
from shared.telemetry.files import FileInstruments, MeasuredFiles
from shared.telemetry.health import ProcessHealth
from shared.telemetry.messaging import messaging
from shared.telemetry.registry import describe_build, secrets_gauge

STATUSES = (400, 403, 404, 408, 409, 413, 415, 422, 429, 500, 503)
"""What a submission is refused with, each counted from 0; any other counts as 500."""


PASSED_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class App(Protocol):
    """The application of a worker, as far as it is watched."""

    def missing(self) -> list[str]:
        """Return what keeps it from promising anything."""

    def in_flight(self) -> int:
        """Return how many messages wait for their confirm."""

    def secrets_missing(self) -> int:
        """Return how many forms' captchas have no secret that can be read."""

    def passed_on(self) -> tuple[int, int]:
        """Return how many requests, and how many event streams, are passed on to the console now."""

    def spam_model(self) -> tuple[int, float]:
        """Return the number of the spam model, and for how many seconds storage has not said which counts."""


class WorkerInstruments:
    """Measures one worker; `directory` is where its parent looks. Make it once in a process."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._registry = registry = CollectorRegistry()
        describe_build("gateway", registry)
        self.messaging: Instruments = messaging(registry)
        self.counters = _counters(registry)
        self.passing_counters = _passing_counters(registry)
        self.mail_counters = mail_counters(registry)
        self._passed = Gauge(
            "counterfoil_passed_in_flight",
            "Requests and event streams that are passed on to the console just now.",
            ["kind"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._in_flight = _gauge("counterfoil_publish_in_flight", "Messages that wait for their confirm.", registry)
        self._secrets = secrets_gauge(registry).labels("captcha")
        self._spam = SpamGauges(registry)
        self._workers = _gauge("counterfoil_gateway_workers", "Worker processes of the gateway.", registry)
        self._ready = _gauge("counterfoil_gateway_workers_ready", "Those of them that can confirm.", registry)

    def of_files(self, store: FileStore) -> tuple[FileStore, FileCounters]:
        """Return a store whose failures are counted, and what counts files. Call it once, where files are taken."""
        made = FileInstruments(self._registry)
        counters = FileCounters(accepted=made.accepted, refused=made.refused, scanned=made.scanned)
        return MeasuredFiles(store, made), counters

    def watch(self, broker: Broker, app: App) -> None:
        """Tell the parent each second, from now on, how this worker is."""
        self._workers.set(1)

        def sample() -> None:
            self._in_flight.set(app.in_flight())
            self._ready.set(not app.missing())
            self._secrets.set(app.secrets_missing())
            requests, streams = app.passed_on()
            self._passed.labels("requests").set(requests)
            self._passed.labels("streams").set(streams)
            self._spam.set(*app.spam_model())

        keep_telling(self._directory, ProcessHealth([broker.stuck], [app.missing]), sample)


def _gauge(name: str, text: str, registry: CollectorRegistry) -> Gauge:
    return Gauge(name, text, registry=registry, multiprocess_mode="livesum")


def _counters(registry: CollectorRegistry) -> OutcomeCounters:
    accepted = Counter(
        "counterfoil_submissions_accepted",
        "Submissions that the broker has confirmed and that were answered with 202, by whether they are spam.",
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
        judged=verdicts_counter(registry),
    )


def _passing_counters(registry: CollectorRegistry) -> PassingCounters:
    answered = Histogram(
        "counterfoil_passed_seconds",
        "How long the console took until its answer began, by side (v1, console) and by the status's hundred.",
        ["side", "status"],
        registry=registry,
        buckets=PASSED_BUCKETS_S,
    )
    refused = Counter(
        "counterfoil_passed_refused",
        "Requests that were answered with 503 because as many were passed on as may, in all or of one source.",
        ["kind", "bound"],
        registry=registry,
    )
    failed = Counter(
        "counterfoil_passed_failed",
        "Requests that the console did not answer: it was away, or it broke off, in an answer too.",
        ["reason"],
        registry=registry,
    )
    for reason in ("away", "broken"):
        failed.labels(reason)
    return PassingCounters(
        answered=lambda side, status, took_s: answered.labels(side, f"{status // 100}xx").observe(took_s),
        refused=lambda kind, bound: refused.labels(kind, bound).inc(),
        failed=lambda reason: failed.labels(reason).inc(),
    )
