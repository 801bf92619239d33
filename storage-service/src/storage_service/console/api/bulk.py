"""`POST /v1/submissions/bulk`: something is done to all that a query finds, or to some ids, once it was confirmed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, request
from marshmallow import Schema as Checked
from marshmallow import ValidationError, fields, validate, validates_schema

from shared.database import iso
from shared.query import parse
from shared.web.refusals import FieldError, Refused, refused
from shared.web.schemas import ID, MOMENT, TEXT, TEXT_OR_NONE, Schema, a_list, an_object, ref
from storage_service.accounts.asker import Asker
from storage_service.console.access import asker, needs, refuse_without
from storage_service.console.answers import JSON, json_answer
from storage_service.console.api.bodies.actions import ACTION, ActionSchema, kind_and_action
from storage_service.console.api.jobs import job_shown, refusals_told
from storage_service.console.describing import Described, body
from storage_service.console.parameters import IDS_MOST, LINE_CHARACTERS, body_of, zone_of
from storage_service.console.parts import Parts
from storage_service.jobs.asking import Wanted
from storage_service.jobs.forgetting import KEPT_FOR
from storage_service.jobs.refusals import Differs
from storage_service.jobs.sets import SET_MOST

KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key and the same request are the same job, however often it is sent.",
    "schema": {**TEXT, "pattern": "^[!-~]{1,255}$"},
}
"""How the key is described."""

_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_SLOW_CLOCK = timedelta(minutes=1)


class BulkSchema(Checked):
    """What is asked for."""

    q = fields.String(validate=validate.Length(max=LINE_CHARACTERS))
    ids = fields.List(fields.UUID(), validate=validate.Length(1, IDS_MOST))
    tz = fields.String(validate=validate.Length(max=64), load_default=None, allow_none=True)
    action = fields.Nested(ActionSchema, required=True)
    confirm = fields.Integer(strict=True, validate=validate.Range(0, SET_MOST), load_default=None, allow_none=True)
    moment = fields.AwareDateTime(format="iso", load_default=None, allow_none=True)

    @validates_schema
    def _check(self, data: Mapping[str, Any], **_: Any) -> None:
        if ("q" in data) == ("ids" in data):
            raise ValidationError("expected q or ids, and not both", "q")


def routes(parts: Parts) -> Blueprint:
    """Return the views."""
    views = Blueprint("bulk", __name__)

    @views.post("/v1/submissions/bulk")
    @needs("write")
    def bulk() -> Response:
        key, given, who = key_of(request.headers.get("Idempotency-Key")), body_of(request, BulkSchema()), asker()
        wanted = _wanted(given, who, parts.clock())
        if wanted.kind == "erase":
            refuse_without("erase", who)
        with refusals_told():
            if given["confirm"] is None:
                return json_answer(_shown(wanted, parts.jobs.count(wanted, who)))
            return _done(parts, wanted, who, given["confirm"], key)

    return views


def _done(parts: Parts, wanted: Wanted, who: Asker, confirmed: int, key: str | None) -> Response:
    try:
        job, _ = parts.jobs.ask(wanted, who, confirmed, key)
    except Differs as error:
        title = f"{error}.".capitalize()
        current = _shown(wanted, error.count)
        raise Refused(409, title, FieldError("COUNT", title, "confirm"), more={"current": current}) from error
    headers = {"Location": f"/v1/jobs/{job.id}"}
    document = {"count": job.total, "moment": iso(job.asked.moment), "job": job_shown(job)}
    return json_answer(document, 202 if job.is_open else 200, headers)


def _wanted(given: Mapping[str, Any], who: Asker, now: datetime) -> Wanted:
    moment: datetime = given["moment"] or now
    if moment > now + _SLOW_CLOCK:
        raise refused(
            422, "MOMENT", "moment is in the future: send the one of the answer that counted.", field="moment"
        )
    if moment < now - KEPT_FOR:  # long before, its days are on no calendar
        raise refused(422, "MOMENT", f"moment is more than {KEPT_FOR.days} days old: count anew.", field="moment")
    kind, action = kind_and_action(given["action"])
    text = given.get("q")
    if text is not None and not text.strip():  # as a script says it whose variable is not set
        raise refused(422, "QUERY", "q is empty: all there are, spam too, is `is:spam OR -is:spam`.", field="q")
    return Wanted(
        kind,
        action,
        moment,
        zone=zone_of(given["tz"]),
        query=None if text is None else parse(text),
        text=text,
        ids=given.get("ids"),
        me=who.name,
    )


def key_of(said: str | None) -> str | None:
    """Return the key under which a job is asked for; raises `Refused` (400)."""
    if said is not None and not _KEY.fullmatch(said):
        reason = "Idempotency-Key must be 1 to 255 characters of ASCII without spaces."
        raise refused(400, "IDEMPOTENCY_KEY", reason, field="Idempotency-Key")
    return said


def _shown(wanted: Wanted, count: int) -> dict[str, Any]:
    return {"count": count, "moment": iso(wanted.moment), "job": None}


def described() -> Described:
    """Describe it."""
    asked = an_object(
        *("q", "ids", "tz", "confirm", "moment"),
        q={
            **TEXT,
            "description": "A query, not an empty one. This, or `ids`.",
            "minLength": 1,
            "maxLength": LINE_CHARACTERS,
        },
        ids={**a_list(ID), "minItems": 1, "maxItems": IDS_MOST},
        tz={**TEXT_OR_NONE, "description": "The time zone of the query's days.", "maxLength": 64},
        action=ACTION,
        confirm={
            "type": ["integer", "null"],
            "minimum": 0,
            "maximum": SET_MOST,
            "description": "The `count` of the answer without it. Where more match by now, nothing is done: 409.",
        },
        moment={**TEXT_OR_NONE, "format": "date-time", "description": "The `moment` of that answer: later ones stay."},
    )
    content = {JSON: {"schema": ref("Bulk")}}
    return {
        "POST /v1/submissions/bulk": {
            "summary": "Do something to many: first without `confirm`, which counts, then with it",
            "parameters": [KEY],
            "requestBody": body(asked, {"q": "is:new", "action": {"status": "open"}}),
            "responses": {
                "200": {"description": "How many it would be done to; with `confirm`: it is done.", "content": content},
                "202": {"description": "It goes on: look at the job.", "content": content},
            },
        }
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what it answers."""
    count = {"type": "integer", "minimum": 0}
    job: Schema = {"oneOf": [ref("Job"), {"type": "null"}]}
    return {"Bulk": an_object(count=count, moment=MOMENT, job=job)}
