"""The answers to a submission, each in the style that was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Response
from werkzeug.datastructures import Headers

from gateway.errors import Refused
from gateway.inputs import Draft
from gateway.negotiation import JSON, PROBLEM, Style
from gateway.pages import Pages
from shared.forms import Form

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_THANKS = "Thank you. We have your submission."
_encode = json.JSONEncoder(separators=(",", ":")).encode
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted submission: where its receipt is, and where a browser goes next."""

    id: UUID
    receipt_url: str
    next: str
    status: int
    headers: Mapping[str, str]

    def to_json(self) -> dict[str, object]:
        """Return the answer to a program: what the clients of every known form service look for.

        `next` is Formspree's, `success` Web3Forms' and Basin's, `message` Web3Forms'. It never holds `error` or
        `errors`, which Formspree's client takes for a failure whatever the status.
        """
        name = str(self.id)
        return {
            "ok": True,
            "success": True,
            "message": _THANKS,
            "id": name,
            "submission_id": name,
            "next": self.next,
            "receipt_url": self.receipt_url,
        }


class Answers:
    """Makes responses of outcomes."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def accepted(self, style: Style, accepted: Accepted) -> Response:
        """Return the answer to an accepted submission; for a browser 303 to where it goes next."""
        if style == "html":
            return Response(b"", 303, {**_HEADERS, **accepted.headers, "Location": accepted.next})
        headers = {**accepted.headers, "Location": accepted.receipt_url}
        if style == "fragment":
            page = self._pages.fragment(accepted.status, accepted=accepted, refusal=None)
            page.headers.update(headers)
            return page
        return json_response(accepted.status, accepted.to_json(), headers)

    def refused(
        self,
        style: Style,
        refusal: Refused,
        form: Form | None = None,
        draft: Draft | None = None,
        *,
        posted: bool = True,
    ) -> Response:
        """Return the answer to a refused request; where there is a draft, a page offers it again."""
        if style == "html":
            if form is not None and draft is not None:
                return self._pages.form(form, draft, refusal)
            return self._pages.refusal(refusal, posted=posted)
        if style == "fragment":
            page = self._pages.fragment(refusal.status, refusal=refusal, accepted=None)
            page.headers.update(refusal.headers)
            return page
        if style == "problem":
            phrase = HTTPStatus(refusal.status).phrase
            problem = {"type": "about:blank", "title": phrase, "status": refusal.status, "detail": refusal.title}
            return json_response(refusal.status, {**problem, **refusal.to_json()}, refusal.headers, kind=PROBLEM)
        return json_response(refusal.status, refusal.to_json(), refusal.headers)


class _PlainResponse(Response):
    """A response that goes out as it was given: werkzeug's mending of headers costs as much as our checks.

    The body is a list of one: granian hands that to its socket at once, without asking Python for more.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """Answer as WSGI does."""
        start_response(self.status, self.headers.to_wsgi_list())
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [self.data]


def json_response(
    status: int, document: Mapping[str, object], headers: Mapping[str, str] | None = None, *, kind: str = JSON
) -> Response:
    """Return a JSON document as a response that nobody keeps."""
    all_headers = {**_HEADERS, **(headers or {}), "Content-Type": kind}
    return _PlainResponse(_encode(document), status, Headers(all_headers.items()))
