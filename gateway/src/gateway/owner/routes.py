"""Connects the addresses below `/v1`, for owners and operators."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.routing import BaseConverter

from gateway.owner.operating import Operating
from gateway.owner.reading import Reading


class _ParkedId(BaseConverter):
    """Passes by what no database could be asked for, such as NUL."""

    regex = "[0-9a-f]{32}"


def add_routes(app: Flask, reading: Reading, operating: Operating) -> None:
    """Connect the addresses of submissions and of parked messages."""
    _add_submissions(app, reading)
    _add_parked(app, operating)


def _add_submissions(app: Flask, reading: Reading) -> None:
    @app.get("/v1/forms/<form>/submissions")
    def list_submissions(form: str) -> Response:
        return reading.submissions(form, request)

    @app.get("/v1/submissions/<submission_id>")
    def show_submission(submission_id: str) -> Response:
        return reading.submission(submission_id, request)


def _add_parked(app: Flask, operating: Operating) -> None:
    app.url_map.converters["parked_id"] = _ParkedId
    service, one = "/v1/parked/<any(storage, notify):service>", "<parked_id:parked_id>"

    @app.get("/v1/parked")
    def list_parked() -> Response:
        return operating.listed(request)

    @app.post(f"{service}/replay")
    def replay_many(service: str) -> Response:
        return operating.replay_many(service, request)

    @app.get(f"{service}/{one}")
    def show_parked(service: str, parked_id: str) -> Response:
        return operating.shown(service, parked_id, request)

    @app.post(f"{service}/{one}/replay")
    def replay_parked(service: str, parked_id: str) -> Response:
        return operating.replay_one(service, parked_id, request)

    @app.post(f"{service}/{one}/discard")
    def discard_parked(service: str, parked_id: str) -> Response:
        return operating.discard(service, parked_id, request)
