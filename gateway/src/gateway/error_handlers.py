"""Answers what a view has raised, in the style that the request asks for."""

from __future__ import annotations

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from gateway.http import cors
from gateway.http.errors import Refused, internal, refused
from gateway.http.negotiation import style_of_reading, style_of_submission
from gateway.http.request import current_request
from gateway.intake.answers import Answers

_OPEN_TO_SCRIPTS = frozenset({"receipt", "receipt_events", "receipt_mail"})
_BELOW_FORMS = ("/f/", "/p/")

_log = structlog.get_logger()


def answer_errors(app: Flask, answers: Answers) -> None:
    """Answer whatever is raised; a bug is logged, and told to nobody."""

    def answer(refusal: Refused) -> Response:
        asked = current_request()
        style = style_of_submission(asked) if request.method == "POST" else style_of_reading(asked)
        if request.endpoint in _OPEN_TO_SCRIPTS:
            refusal.headers.update(cors.ANY_ORIGIN)
        if request.path.startswith(_BELOW_FORMS):
            refusal.headers.update(cors.headers_for(request.headers.get("Origin")))
        return answers.refused(style, refusal, posted=request.method == "POST")

    @app.errorhandler(Refused)
    def refuse(refusal: Refused) -> Response:
        return answer(refusal)

    @app.errorhandler(HTTPException)
    def refuse_http(error: HTTPException) -> Response:
        refusal = refused(error.code or 500, error.name.upper().replace(" ", "_"), f"{error.name}.")
        kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Location"}}
        refusal.headers.update(kept)
        return answer(refusal)

    @app.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        _log.error("request failed", endpoint=request.endpoint, error=type(error).__name__, exc_info=error)
        return answer(internal())
