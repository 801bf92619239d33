"""Connects the address by which somebody has no more mails."""

from __future__ import annotations

from flask import Flask, Response

from gateway.http.negotiation import style_of_reading, style_of_submission
from gateway.http.request import Request, current_request
from gateway.unsubscribe.answers import UnsubscribeAnswers
from gateway.unsubscribe.leaving import Leaving


def add_routes(app: Flask, leaving: Leaving, answers: UnsubscribeAnswers) -> None:
    """Connect the page, which also HEAD asks for, and what its button and a mail program's one click (RFC 8058) post.

    What a body says is not read, and no cookie or Origin is looked at: the link is all it takes.
    """

    @app.get("/unsubscribe/<token>")
    def unsubscribe(token: str) -> Response:
        request = current_request()
        return answers.answer(leaving.look(token), style_of_reading(request), _languages(request))

    @app.post("/unsubscribe/<token>")
    def unsubscribe_pressed(token: str) -> Response:
        request = current_request()
        return answers.answer(leaving.leave(token), style_of_submission(request), _languages(request))


def _languages(request: Request) -> str:
    return request.headers.get("Accept-Language", "")
