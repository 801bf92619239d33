"""Counts and times the requests of the console."""

from __future__ import annotations

import time

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram

from shared.telemetry.messaging import SECONDS

NOWHERE = "none"


class RequestInstruments:
    """The metrics of requests, by the address as it is described, never as it was asked."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._answered = Counter(
            "counterfoil_console_requests",
            "Requests that the console has answered.",
            ["address", "method", "status"],
            registry=registry,
        )
        self._took = Histogram(
            "counterfoil_console_request_seconds",
            "From a request's arrival until its answer begins.",
            ["address"],
            buckets=SECONDS,
            registry=registry,
        )

    def measure(self, app: Flask) -> None:
        """Measure each request of an application."""

        @app.before_request
        def begin() -> None:
            g.begun_s = time.monotonic()

        @app.after_request
        def end(response: Response) -> Response:
            address = request.url_rule.rule if request.url_rule else NOWHERE
            method = request.method if request.url_rule else NOWHERE
            self._answered.labels(address, method, str(response.status_code)).inc()
            self._took.labels(address).observe(time.monotonic() - g.get("begun_s", time.monotonic()))
            return response
