"""Says which version of a submission an answer shows, and which one a request has seen."""

from __future__ import annotations

import re

from flask import Request

from shared.web.refusals import refused
from shared.web.schemas import TEXT, Schema

_TAG = re.compile(r'"([1-9][0-9]{0,9})"', re.ASCII)

IF_MATCH: Schema = {
    "name": "If-Match",
    "in": "header",
    "description": "The `ETag` of the submission that was seen: where it is another by now, nothing is changed (409).",
    "schema": {**TEXT, "pattern": r'^(\*|"[1-9][0-9]{0,9}")$'},
}

VERSION: Schema = {**TEXT, "description": "The version, for `If-Match`."}


def tag_of(version: int) -> dict[str, str]:
    """Return the header that says which version an answer shows."""
    return {"ETag": f'"{version}"'}


def version_seen(asked: Request) -> int | None:
    """Return the version that a request has seen; None where it says none, or any will do. Raises `Refused` (400).

    An empty header is refused: the server makes one of what is not ASCII, and a program of a variable that is not set.
    """
    said = asked.headers.get("If-Match", "*").strip()
    if said == "*":
        return None
    found = _TAG.fullmatch(said)
    if found is None:
        raise refused(400, "IF_MATCH", 'If-Match must be the ETag of a submission, such as "3".', field="If-Match")
    return int(found[1])
