"""Answers a refusal as a page: what it is, and what to do next."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response

from shared.web.refusals import Refused
from storage_service.console.pages.frame.renderer import Pages, is_part_wanted
from storage_service.console.pages.frame.waiting import wait_of

_HEADINGS = {
    404: "There is nothing here.",
    405: "This address is not one to open like that.",
    413: "That is too long.",
    429: "Too many tries.",
    500: "Something went wrong on our side.",
    503: "The console cannot answer just now.",
}
_ADVICE = {
    400: "What was sent is not as it should be. Your browser's Back button leads to where you were.",
    403: "Ask an owner of this installation, if you need it.",
    404: "It may have been erased, it may be for others to see, or the address is not complete.",
    405: "Go to the page with the button, and press it there.",
    409: "Your browser's Back button leads to what you typed.",
    413: "Your browser's Back button leads to what you typed. Please shorten it, and send it again.",
    422: "Your browser's Back button leads to what you typed.",
    429: "Please wait {wait}, and try again.",
    500: "It is in the log, with the moment. Please try again; nothing is lost by that.",
    503: "Please try again in a moment. If you have sent something, go back and look whether it is done.",
}


def refusal_page(pages: Pages, refusal: Refused) -> Response:
    """Return a refusal as a page; for htmx as a notice, and the page stays as it is."""
    if is_part_wanted():
        answer = pages.notice(refusal.title, refusal.status)
    else:
        status = HTTPStatus(refusal.status)
        answer = pages.page(
            "frame/refusal.html",
            refusal.status,
            number=refusal.status,
            phrase=status.phrase,
            heading=_HEADINGS.get(refusal.status, refusal.title),
            title=refusal.title,
            advice=_ADVICE.get(refusal.status, "").replace("{wait}", _wait_of(refusal)),
        )
    answer.headers.update(refusal.headers)
    return answer


def _wait_of(refusal: Refused) -> str:
    return wait_of(int(refusal.headers.get("Retry-After", "60")))
