"""Connects the addresses at which forms take submissions."""

from __future__ import annotations

from flask import Flask, Response, request

from gateway.http import cors
from gateway.http.request import current_request
from gateway.http.responses import Answer
from gateway.intake.application import Submit
from gateway.intake.intake import Intake


def add_routes(app: Flask, submit_to: Submit, intake: Intake) -> None:
    """Connect the addresses of submissions, of captchas, and of what browsers ask before (CORS).

    `gateway.intake.application` answers a post to a form that is served before it comes here. Below `/p/<project>`
    Formspree's projects have their forms; any project will do.
    """

    @app.post("/f/<name>", strict_slashes=False)
    @app.post("/p/<project>/f/<name>", strict_slashes=False)
    def submit(name: str, project: str = "") -> Answer:  # noqa: ARG001
        return submit_to(name, current_request())

    @app.get("/f/<name>/captcha", strict_slashes=False)
    def challenge(name: str) -> Response:
        return intake.challenge(name, current_request())

    @app.route("/f/<name>/captcha", methods=["OPTIONS"], strict_slashes=False)
    @app.route("/f/<name>", methods=["OPTIONS"], strict_slashes=False)
    @app.route("/p/<project>/f/<name>", methods=["OPTIONS"], strict_slashes=False)
    def preflight(name: str, project: str = "") -> Response:  # noqa: ARG001 - of any form: the post says 404 or 403
        asked = request.headers.get("Access-Control-Request-Headers")
        return Response(b"", 204, cors.preflight_for(request.headers.get("Origin"), asked))
