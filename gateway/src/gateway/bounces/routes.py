"""Connects the addresses that providers call."""

from __future__ import annotations

from flask import Flask, Response

from gateway.bounces.hooks import BounceCalls
from gateway.http.request import current_request
from gateway.http.responses import json_response


def add_routes(app: Flask, calls: BounceCalls) -> None:
    """Connect the address of each provider; one that is not set is answered 404."""

    @app.post("/hooks/bounces/<provider>")
    def bounces(provider: str) -> Response:
        return json_response(200, {"ok": True, "told": calls.take(provider, current_request())})
