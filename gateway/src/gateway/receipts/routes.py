"""Connects the addresses of receipts."""

from __future__ import annotations

from flask import Flask, Response, request

from gateway.receipts.receipts import Receipts


def add_routes(app: Flask, receipts: Receipts) -> None:
    """Connect the addresses of a receipt, of its events, and of what browsers ask before (CORS)."""

    @app.get("/receipts/<token>")
    def receipt(token: str) -> Response:
        return receipts.show(token, request)

    @app.get("/receipts/<token>/events")
    def receipt_events(token: str) -> Response:
        return receipts.stream(token, request)

    @app.route("/receipts/<token>", methods=["OPTIONS"])
    @app.route("/receipts/<token>/events", methods=["OPTIONS"])
    def receipt_preflight(token: str) -> Response:  # noqa: ARG001
        return receipts.preflight(request)
