"""Answers whether a gateway runs, and whether it can promise anything: /livez and /readyz."""

from __future__ import annotations

from flask import Flask, Response

from gateway.http.responses import json_response
from shared.messaging.broker import Publisher


def add_routes(app: Flask, publisher: Publisher) -> None:
    """Connect `/livez` and `/readyz`."""

    @app.get("/livez")
    def live() -> Response:
        return json_response(200, {"ok": True})

    @app.get("/readyz")
    def ready() -> Response:
        missing = publisher.missing()
        return json_response(503 if missing else 200, {"ok": not missing, "missing": [*missing]})
