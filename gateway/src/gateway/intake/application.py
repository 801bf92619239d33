"""This module answers POST /f/<form> in front of Flask, as a WSGI application of its own.

Flask's routing, session, contexts and signals cost more than all that is done with a submission. Whatever is not a post
to a form that is served, also a wrong address, goes on to Flask (its manual calls this "application dispatching").
docs/decisions/0034-the-intake-before-flask.md has the figures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

import structlog

from gateway.http import cors
from gateway.http.bodies import Bodies
from gateway.http.errors import Refused, internal
from gateway.http.negotiation import style_of_submission
from gateway.http.request import Request
from gateway.http.responses import Answer, JsonAnswer
from gateway.intake.answers import Answers
from shared.forms import Forms

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Submit: TypeAlias = Callable[[str, Request], Answer]
"""Answers a post to a form, by its name."""

_PATH = re.compile(r"(?:/p/[^/]+)?/f/([^/]+)/?")

_log = structlog.get_logger()


class SubmissionApp:
    """Answers posts to the forms, and hands everything else to another application."""

    def __init__(
        self, submit: Submit, forms: Forms, *, bodies: Bodies, answers: Answers, otherwise: WSGIApplication
    ) -> None:
        self._submit = submit
        self._forms = forms
        self._bodies = bodies
        self._answers = answers
        self._otherwise = otherwise

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as WSGI does."""
        name = self._form_of(environ) if environ["REQUEST_METHOD"] == "POST" else None
        if name is None:
            return self._otherwise(environ, start_response)
        request = Request(environ)
        answer = self._answer(name, request)
        if not isinstance(answer, JsonAnswer):  # that one follows on a body that was read
            answer = self._bodies.settle(request, answer)
        return answer(environ, start_response)

    def _form_of(self, environ: WSGIEnvironment) -> str | None:
        found = _PATH.fullmatch(environ.get("PATH_INFO", ""))
        return found[1] if found and found[1] in self._forms else None

    def _answer(self, name: str, request: Request) -> Answer:
        try:
            return self._submit(name, request)
        except Refused as error:  # the form has gone meanwhile
            refusal = error
        except Exception as error:  # noqa: BLE001 - a bug is answered, as Flask does it
            _log.error("request failed", endpoint="submit", error=type(error).__name__, exc_info=error)
            refusal = internal()
        refusal.headers.update(cors.headers_for(request.headers.get("Origin")))
        return self._answers.refused(style_of_submission(request), refusal)
