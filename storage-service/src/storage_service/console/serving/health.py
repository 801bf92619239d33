"""Answers whether the console runs, at the address that the gateways use: /livez and /readyz."""

from __future__ import annotations

from flask import Flask, Response

from storage_service.console.access import open_to_all
from storage_service.console.answers import json_answer


def add_routes(app: Flask) -> None:
    """Connect `/livez` and `/readyz`. Without its database it is ready: it says so by 503 to whoever asks for more."""

    @app.get("/livez")
    @open_to_all
    def live() -> Response:
        return json_answer({"ok": True})

    @app.get("/readyz")
    @open_to_all
    def ready() -> Response:
        return json_answer({"ok": True, "missing": []})
