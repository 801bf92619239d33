"""Connects the address of the button in a mail."""

from __future__ import annotations

from flask import Flask, Response

from gateway.http.negotiation import style_of_reading, style_of_submission
from gateway.http.request import Request, current_request
from gateway.opt_in.answers import OptInAnswers
from gateway.opt_in.confirming import OptIns


def add_routes(app: Flask, opt_ins: OptIns, answers: OptInAnswers) -> None:
    """Connect the page, which also HEAD asks for, and its button. What a body says is not read."""

    @app.get("/opt-in/<token>")
    def opt_in(token: str) -> Response:
        request = current_request()
        return answers.answer(opt_ins.look(token), style_of_reading(request), _languages(request))

    @app.post("/opt-in/<token>")
    def opt_in_pressed(token: str) -> Response:
        request = current_request()
        return answers.answer(opt_ins.press(token, request), style_of_submission(request), _languages(request))


def _languages(request: Request) -> str:
    return request.headers.get("Accept-Language", "")
