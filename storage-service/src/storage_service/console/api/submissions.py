"""`GET /v1/submissions`: what a query finds, in pages, or as it comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from shared.web.schemas import TEXT_OR_NONE, Schema, a_list, an_object, ref
from storage_service.accounts.asker import Asker
from storage_service.console.access import asker, needs
from storage_service.console.answers import json_answer
from storage_service.console.api.bodies.shown import SUBMISSION, shown
from storage_service.console.describing import Described, answer, parameter
from storage_service.console.parameters import LIMIT, QUERY, ZONE, Parameters
from storage_service.console.parts import Parts
from storage_service.records import COUNTED_MOST, Count, Cursor, Page, Records

_LAST = UUID(int=2**128 - 1)


def routes(parts: Parts) -> Blueprint:
    """Return the views."""
    views = Blueprint("submissions", __name__)

    @views.get("/v1/submissions")
    @needs("read")
    def listed() -> Response:
        given = Parameters(request, "q", "limit", "cursor", "after", "count", "tz")
        page, count = _found(parts.records, given, asker(), parts.clock())
        document: dict[str, Any] = {
            "submissions": [shown(record, parts.forms) for record in page.rows],
            "next_cursor": str(page.next) if page.next else None,
            "previous_cursor": str(page.previous) if page.previous else None,
            "is_last": page.is_last,
        }
        return json_answer(document | ({} if count is None else {"count": {"n": count.n, "exact": count.is_exact}}))

    return views


def _found(records: Records, given: Parameters, who: Asker, now: datetime) -> tuple[Page, Count | None]:
    query, zone = given.query(), given.zone()
    counted = given.one_of("count", _COUNTED, "none")
    page = records.page(
        query,
        forms=who.forms,
        limit=given.limit(),
        cursor=given.cursor(),
        after=_after(given, now),
        now=now,
        zone=zone,
        me=who.name,
    )
    if counted == "none":
        return page, None
    most = COUNTED_MOST if counted == "some" else None
    return page, records.count(query, who.forms, most, now=now, zone=zone, me=who.name)


def _after(given: Parameters, now: datetime) -> Cursor | None:
    said = given.text("after")
    if said == "start":
        return Cursor.beginning()
    return Cursor("stored", now, _LAST) if said == "now" else given.cursor("after", _AFTER)


_COUNTED = ("none", "some", "all")
_AFTER = "start, now, or next_cursor of an answer"


def described() -> Described:
    """Describe them."""
    counts = f"`some`: exactly up to {COUNTED_MOST}. `all`: all of them, if that takes less than 5 s."
    return {
        "GET /v1/submissions": {
            "summary": "What a query finds, newest first; or, with `after`, what came since, oldest first",
            "parameters": [
                QUERY,
                LIMIT,
                parameter("cursor", "`next_cursor` or `previous_cursor` of another page."),
                parameter("after", "`start`, `now`, or `next_cursor` of such a page: ask again later with the next."),
                parameter("count", counts, enum=[*_COUNTED], default="none"),
                ZONE,
            ],
            "responses": answer("A page.", ref("SubmissionPage")),
        }
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what they answer."""
    counted = an_object(n={"type": "integer", "minimum": 0}, exact={"type": "boolean"})
    return {
        "Submission": SUBMISSION,
        "SubmissionPage": an_object(
            "count",
            submissions=a_list(ref("Submission")),
            next_cursor={**TEXT_OR_NONE, "description": "For `cursor`, or `after`; null at the end."},
            previous_cursor={**TEXT_OR_NONE, "description": "For `cursor`: what is newer."},
            is_last={"type": "boolean", "description": "No more for now."},
            count=counted,
        ),
    }
