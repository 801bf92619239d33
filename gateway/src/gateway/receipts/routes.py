"""Connects the addresses of receipts."""

from __future__ import annotations

from flask import Flask, Response, request

from gateway.http.negotiation import style_of_submission
from gateway.http.request import current_request
from gateway.receipts.again import MailAgain, a_key
from gateway.receipts.receipts import Receipts


def add_routes(app: Flask, receipts: Receipts, again: MailAgain) -> None:
    """Connect the addresses of a receipt, of its events and its mail, and of what browsers ask before (CORS)."""

    @app.get("/receipts/<token>")
    def receipt(token: str) -> Response:
        return receipts.show(token, request)

    @app.get("/receipts/<token>/events")
    def receipt_events(token: str) -> Response:
        return receipts.stream(token, request)

    @app.post("/receipts/<token>/opt-in")
    def receipt_mail(token: str) -> Response:
        asked = current_request()
        return again.ask(token, a_key(request.args.get("key")), asked, style_of_submission(asked))

    @app.route("/receipts/<token>", methods=["OPTIONS"])
    @app.route("/receipts/<token>/events", methods=["OPTIONS"])
    def receipt_preflight(token: str) -> Response:  # noqa: ARG001
        return receipts.preflight(request, "GET, OPTIONS")

    @app.route("/receipts/<token>/opt-in", methods=["OPTIONS"])
    def receipt_mail_preflight(token: str) -> Response:  # noqa: ARG001
        return receipts.preflight(request, "POST, OPTIONS")
