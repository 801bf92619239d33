"""Answers `/v1/…` and `/console/…` in front of Flask, as a WSGI application of its own.

Flask's request and response would come between the two streams; see docs/decisions/0048-passing-on.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

import structlog

from gateway.console.passing import Passed
from gateway.console.target import Side, side_of
from gateway.http.bodies import Bodies
from gateway.http.errors import Refused, internal
from gateway.http.request import Request
from gateway.intake.answers import Answers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Pass: TypeAlias = Callable[[Side, Request], Passed]
"""Passes one request on; raises `Refused`."""

_log = structlog.get_logger()


class ConsoleApp:
    """Passes on what is the console's, and hands everything else to another application."""

    def __init__(self, pass_on: Pass, *, bodies: Bodies, answers: Answers, otherwise: WSGIApplication) -> None:
        self._pass = pass_on
        self._bodies = bodies
        self._answers = answers
        self._otherwise = otherwise

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as WSGI does."""
        side = side_of(environ.get("PATH_INFO", ""))
        if side is None:
            return self._otherwise(environ, start_response)
        request = Request(environ)
        try:
            passed = self._pass(side, request)
        except Refused as refusal:
            return self._refuse(side, request, refusal, start_response)
        except Exception as error:  # noqa: BLE001 - a bug is answered, as Flask does it
            _log.error("request failed", endpoint="pass", error=type(error).__name__, exc_info=error)
            return self._refuse(side, request, internal(), start_response)
        start_response(passed.status, passed.headers)
        return passed.body

    def _refuse(self, side: Side, request: Request, refusal: Refused, start_response: StartResponse) -> Iterable[bytes]:
        posted = request.environ["REQUEST_METHOD"] == "POST"
        answer = self._answers.refused("problem" if side == "v1" else "html", refusal, posted=posted)
        return self._bodies.settle(request, answer)(request.environ, start_response)
