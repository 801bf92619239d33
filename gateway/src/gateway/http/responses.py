"""Responses that nobody keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from flask import Response
from werkzeug.datastructures import Headers

from gateway.http.negotiation import JSON

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

NOT_KEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

_encode = json.JSONEncoder(separators=(",", ":")).encode


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
    all_headers = {**NOT_KEPT, **(headers or {}), "Content-Type": kind}
    return _PlainResponse(_encode(document), status, Headers(all_headers.items()))
