"""Makes JSON responses that no cache keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeAlias

from flask import Response
from werkzeug.datastructures import Headers

from gateway.http.negotiation import JSON

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

NOT_KEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

_encode = json.JSONEncoder(separators=(",", ":")).encode
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class JsonAnswer:
    """A JSON document as an answer that nobody keeps, made without a framework: its headers go out as they are given.

    `headers` are ASCII without line ends; whoever makes them has seen to that.
    """

    status_code: int
    document: Mapping[str, object]
    headers: Mapping[str, str]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:  # noqa: ARG002
        """Answer as WSGI does."""
        body = _encode(self.document).encode("ascii")
        headers = [*NOT_KEPT.items(), *self.headers.items(), ("Content-Type", JSON), ("Content-Length", str(len(body)))]
        start_response(_STATUS_LINES[self.status_code], headers)
        return [body]


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


Answer: TypeAlias = Response | JsonAnswer
"""What answers a request: a framework's response, or the plain one."""
