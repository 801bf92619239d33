"""`/v1/retention`: what will be erased by itself, and when; to pause it, and to go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request
from marshmallow import Schema as Checked
from marshmallow import fields, validate

from shared.database import iso
from shared.forms import NAME as FORM_NAME
from shared.web.refusals import refused
from shared.web.schemas import MOMENT, MOMENT_OR_NONE, TEXT, Schema, a_list, an_object, ref
from storage_service.accounts.asker import Asker
from storage_service.console.access import asker, asker_of_all, needs
from storage_service.console.answers import json_answer
from storage_service.console.describing import Described, answer, body
from storage_service.console.parameters import Parameters, body_of
from storage_service.console.parts import Parts
from storage_service.retention.due import COUNT_MOST
from storage_service.retention.outlook import Outlook
from storage_service.retention.pauses import ALL, Pause
from storage_service.retention.rules import WHATS, Rule


class PauseSchema(Checked):
    """For what somebody pauses, or goes on: for a form, or without it for all."""

    form = fields.String(
        allow_none=True,
        validate=validate.Regexp(f"{FORM_NAME.pattern}\\Z", error="expected the name of a form, or null for all"),
    )


def routes(parts: Parts) -> Blueprint:
    """Return the views."""
    views = Blueprint("retention", __name__)

    @views.get("/v1/retention")
    @needs("read")
    def listed() -> Response:
        Parameters(request)
        return json_answer(_shown(parts, asker()))

    @views.post("/v1/retention/pause")
    @needs("admin")
    def pause() -> Response:
        who, form = asker_of_all("what is kept"), body_of(request, PauseSchema()).get("form")
        if form is not None and form not in parts.forms:
            raise refused(422, "FORM_NOT_FOUND", "There is no such form in the forms file.", field="form")
        parts.pauses.pause(form, who)
        return json_answer(_shown(parts, who))

    @views.post("/v1/retention/resume")
    @needs("admin")
    def resume() -> Response:
        who, form = asker_of_all("what is kept"), body_of(request, PauseSchema()).get("form")
        parts.pauses.resume(form, who)
        return json_answer(_shown(parts, who))

    return views


def _shown(parts: Parts, by: Asker) -> dict[str, Any]:
    return {
        "paused": _pause(parts.pauses.listed().get(ALL)),
        "rules": [_outlook(one) for one in parts.outlooks.listed(by.forms)],
    }


def _outlook(one: Outlook) -> dict[str, Any]:
    is_exact = one.due is not None and one.due <= COUNT_MOST
    return {
        "form": one.key.form,
        "what": one.key.what,
        **_rule(one.rule),
        "counts_at": iso(one.counts_at) if one.counts_at else None,
        "until_then": _rule(one.until_then) if one.until_then else None,
        "due": one.due if is_exact else None,
        "next_at": iso(one.next_at) if one.next_at else None,
        "paused": _pause(one.pause),
        "going_on": one.going_on,
        "last": None if one.last_at is None else {"at": iso(one.last_at), "count": one.last_count},
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {"days": rule.days, "action": rule.action}


def _pause(pause: Pause | None) -> dict[str, Any] | None:
    return {"at": iso(pause.at), "by": pause.by} if pause else None


def described() -> Described:
    """Describe them."""
    asked = body(
        an_object(form={"type": ["string", "null"], "description": "Null, or left out: all."}), {"form": "signup"}
    )
    shown = answer("What is to come.", ref("Retention"))
    return {
        "GET /v1/retention": {
            "summary": "What will be erased or made anonymous by itself, by form, and when",
            "responses": shown,
        },
        "POST /v1/retention/pause": {
            "summary": "Have nothing more erased by itself, of a form or of all, until somebody says so",
            "requestBody": asked,
            "responses": shown,
        },
        "POST /v1/retention/resume": {
            "summary": "Go on, with a form that was paused, or with all",
            "requestBody": asked,
            "responses": shown,
        },
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what they answer."""
    days: Schema = {"type": "integer", "minimum": 1, "description": "How long after it was accepted."}
    rule: dict[str, Schema] = {"days": days, "action": {"enum": ["erase", "anonymise"]}}
    count: Schema = {"type": ["integer", "null"], "minimum": 0}
    pause = {**an_object(at=MOMENT, by=TEXT), "type": ["object", "null"]}
    last = an_object(at=MOMENT, count={"type": "integer"})
    due = (
        f"How many it takes as soon as it counts; null for more than {COUNT_MOST}, or more than can be counted in time."
    )
    line = an_object(
        form=TEXT,
        what={"enum": [*WHATS]},
        **rule,
        counts_at={
            **MOMENT_OR_NONE,
            "description": "When this rule begins to count, 24 hours after it was first seen.",
        },
        until_then={**an_object(**rule), "type": ["object", "null"], "description": "What counts before that."},
        due={**count, "description": due},
        next_at={**MOMENT_OR_NONE, "description": "When it takes the next one; in the past, it is at work."},
        paused=pause,
        going_on={**count, "description": "How many the run that is going on has taken."},
        last={**last, "type": ["object", "null"], "description": "The last run that took something."},
    )
    return {"Retention": an_object(paused=pause, rules=a_list(line))}
