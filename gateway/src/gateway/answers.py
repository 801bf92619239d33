"""The answers to a submission, each in the style that was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Response

from gateway.errors import Refused
from gateway.inputs import Draft
from gateway.negotiation import JSON, PROBLEM, Style
from gateway.pages import Pages
from shared.forms import Form

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_KEEPS_DRAFT = frozenset({422, 503})
_encode = json.JSONEncoder(separators=(",", ":")).encode
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Answers:
    """Makes responses of outcomes."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def accepted(
        self,
        style: Style,
        submission_id: UUID,
        receipt_url: str,
        destination: str | None,
        headers: Mapping[str, str],
    ) -> Response:
        """Return the answer to an accepted submission: 202, or for a browser 303 to where it goes next."""
        goal = destination or receipt_url
        if style == "html":
            return Response(b"", 303, {**_HEADERS, **headers, "Location": goal})
        if style == "fragment":
            page = self._pages.fragment(202, receipt_url=receipt_url, refusal=None)
            page.headers.update({**headers, "Location": receipt_url})
            return page
        name = str(submission_id)
        document = {"ok": True, "success": True, "id": name, "submission_id": name, "next": goal}
        return json_response(202, {**document, "receipt_url": receipt_url}, {**headers, "Location": receipt_url})

    def refused(self, style: Style, refusal: Refused, form: Form | None = None, draft: Draft | None = None) -> Response:
        """Return the answer to a refused request; where there is a draft, a page offers it again."""
        if style == "html":
            if form is not None and draft is not None and refusal.status in _KEEPS_DRAFT:
                return self._pages.form(form, draft, refusal)
            return self._pages.refusal(refusal)
        if style == "fragment":
            page = self._pages.fragment(refusal.status, refusal=refusal, receipt_url=None)
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
    body = _encode(document).encode("ascii")
    response = _PlainResponse(body, status, {**_HEADERS, **(headers or {})}, content_type=kind)
    response.content_length = len(body)
    return response
