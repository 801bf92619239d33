"""`GET /v1/audit`: who did what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from shared.database import iso
from shared.web.schemas import MOMENT, TEXT, TEXT_OR_NONE, Schema, a_list, an_object, ref
from storage_service.accounts.audit import TARGET_MOST, Noted
from storage_service.console.access import asker_of_all, needs
from storage_service.console.answers import json_answer
from storage_service.console.describing import Described, answer, parameter
from storage_service.console.parameters import LIMIT, Parameters
from storage_service.console.parts import Parts

_NUMBER_MOST = 10**18 - 1


def routes(parts: Parts) -> Blueprint:
    """Return the view."""
    views = Blueprint("audit", __name__)

    @views.get("/v1/audit")
    @needs("admin")
    def listed() -> Response:
        asker_of_all("what was done")
        given = Parameters(request, "limit", "cursor", "by", "on", "action")
        limit = given.limit()
        before = given.whole("cursor", _NUMBER_MOST, most=_NUMBER_MOST)
        asked = {name: given.text(name, TARGET_MOST) for name in ("by", "on", "action")}
        found = parts.audit.page(limit + 1, before=before, **asked)
        rows = found[:limit]
        cursor = str(rows[-1].number) if len(found) > limit else None
        return json_answer({"audit": list(map(_shown, rows)), "next_cursor": cursor})

    return views


def _shown(noted: Noted) -> dict[str, Any]:
    return {
        "at": iso(noted.at),
        "by": noted.by,
        "action": noted.action,
        "on": noted.on,
        "count": noted.count,
        "source": noted.source,
    }


def described() -> Described:
    """Describe it."""
    return {
        "GET /v1/audit": {
            "summary": "Who did what, newest first",
            "parameters": [
                LIMIT,
                parameter("cursor", "`next_cursor` of the page before.", pattern="^[1-9][0-9]{0,17}$"),
                parameter("by", "What one did: a key's name, an account's address.", maxLength=TARGET_MOST),
                parameter("on", "What was done to one: a submission's id, a key's name.", maxLength=TARGET_MOST),
                parameter("action", "What was done: `submission.read`.", maxLength=TARGET_MOST),
            ],
            "responses": answer("A page.", ref("AuditPage")),
        }
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what it answers."""
    noted = an_object(
        at=MOMENT,
        by={**TEXT, "description": "A key's name; `key` and the beginning of its hash for one of the environment."},
        action={**TEXT, "description": "Such as `submission.read`."},
        on={**TEXT_OR_NONE, "description": "On which."},
        count={"type": ["integer", "null"], "description": "On how many."},
        source={**TEXT_OR_NONE, "description": "From which address."},
    )
    return {"AuditPage": an_object(audit=a_list(noted), next_cursor=TEXT_OR_NONE)}
