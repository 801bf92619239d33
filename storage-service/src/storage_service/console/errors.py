"""Answers what a view has raised: programs as `application/problem+json`, people as a page."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from shared.messaging.failures import DependencyUnavailable, PermanentFailure
from shared.query import QueryError
from shared.web.refusals import FieldError, Refused, internal, refused, unavailable
from storage_service.console import answers
from storage_service.console.access import is_page
from storage_service.records import CursorError, QueryTookTooLong

_KEPT = frozenset({"Allow", "Location"})

_log = structlog.get_logger()


def answer_errors(app: Flask, page: Callable[[Refused], Response]) -> None:
    """Answer whatever is raised; a bug is logged, and told to nobody. `page` makes the answer below `/console`."""

    def problem(refusal: Refused) -> Response:
        return page(refusal) if is_page(request) else answers.problem(refusal)

    def refused_by_http(error: HTTPException) -> Response:
        return problem(_refusal_of(error))

    def wait(error: DependencyUnavailable) -> Response:
        _log.warning("request not answered", endpoint=request.endpoint, because=str(error))
        return problem(unavailable("The database does not answer just now. Please ask again in a moment."))

    def fail(error: Exception) -> Response:
        _log.error("request failed", endpoint=request.endpoint, error=type(error).__name__, exc_info=error)
        return problem(internal())

    app.register_error_handler(Refused, problem)
    app.register_error_handler(HTTPException, refused_by_http)
    app.register_error_handler(QueryError, lambda error: problem(wrong_query(error)))
    app.register_error_handler(CursorError, lambda error: problem(refused(400, "CURSOR", _sentence(error))))
    app.register_error_handler(QueryTookTooLong, lambda error: problem(refused(422, "TOO_SLOW", _sentence(error))))
    app.register_error_handler(DependencyUnavailable, wait)
    app.register_error_handler(PermanentFailure, lambda error: problem(refused(422, "NOT_STORABLE", _sentence(error))))
    app.register_error_handler(Exception, fail)


def wrong_query(error: QueryError) -> Refused:
    """Return the refusal of a query: what was expected, and where; `offset` counts characters from 0."""
    title = f"The query is wrong {error}."
    place = {"offset": error.place.offset, "length": error.place.length}
    return Refused(400, title, FieldError("QUERY", title, "q"), more={"place": place, "expected": error.reason})


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _refusal_of(error: HTTPException) -> Refused:
    refusal = refused(error.code or 500, error.name.upper().replace(" ", "_"), f"{error.name}.")
    refusal.headers.update({name: value for name, value in error.get_headers() if name in _KEPT})
    return refusal
