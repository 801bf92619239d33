"""Makes JSON responses that no cache keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from flask import Response

from shared.web.refusals import Refused

JSON = "application/json"
PROBLEM = "application/problem+json"
NOT_KEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

_encode = json.JSONEncoder(separators=(",", ":")).encode


def json_answer(
    document: Mapping[str, object] | Sequence[object],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    kind: str = JSON,
) -> Response:
    """Return a JSON document as a response that nobody keeps."""
    return Response(_encode(document), status, {**NOT_KEPT, **(headers or {}), "Content-Type": kind})


def problem(refusal: Refused) -> Response:
    """Return a refusal as a response."""
    return json_answer(refusal.to_problem(), refusal.status, refusal.headers, kind=PROBLEM)
