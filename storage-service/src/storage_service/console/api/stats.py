"""`GET /v1/stats`: how many, by time or by what a field says; for charts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args

from flask import Blueprint, Response, request

from shared.web.refusals import refused
from shared.web.schemas import TEXT, TEXT_OR_NONE, Schema, a_list, an_object, ref
from storage_service.console.access import asker, needs
from storage_service.console.answers import json_answer
from storage_service.console.api.bodies.shown import COUNT
from storage_service.console.describing import Described, answer, parameter
from storage_service.console.parameters import QUERY, ZONE, Parameters
from storage_service.console.parts import Parts
from storage_service.records.counting import STEPS_MOST, VALUES_MOST, Step

_STEPS: tuple[str, ...] = get_args(Step)
_FIELD = "field."
_FIELD_CHARACTERS = 500


def routes(parts: Parts) -> Blueprint:
    """Return the view."""
    views = Blueprint("stats", __name__)

    @views.get("/v1/stats")
    @needs("read")
    def counted() -> Response:
        given, who = Parameters(request, "q", "by", "tz"), asker()
        query, zone, by = given.query(), given.zone(), _by(given)
        if by.startswith(_FIELD):
            values = parts.counting.by_field(query, who.forms, by.removeprefix(_FIELD), zone, who.name)
            found: list[dict[str, Any]] = [{"value": value, "n": n} for value, n in values.found]
            return json_answer({"by": by, "values": found, "others": values.others})
        slices = parts.counting.by_time(query, who.forms, cast("Step", by), zone, who.name)
        return json_answer({"by": by, "times": [{"start": one.start.isoformat(), "n": one.n} for one in slices]})

    return views


def _by(given: Parameters) -> str:
    by = given.text("by", len(_FIELD) + _FIELD_CHARACTERS) or "day"
    if by not in _STEPS and not (by.startswith(_FIELD) and by != _FIELD):
        raise refused(400, "BY", f"by must be {', '.join(_STEPS)}, or field.NAME, such as field.topic.", field="by")
    return by


def described() -> Described:
    """Describe it."""
    steps = ", ".join(f"the last {most} of each {name}" for name, most in STEPS_MOST.items())
    by = f"`hour`, `day`, `week` (from Monday), or `field.` and a field's name. Of time: {steps}."
    return {
        "GET /v1/stats": {
            "summary": "How many submissions, by time or by what a field says",
            "parameters": [
                QUERY,
                parameter("by", by, default="day", pattern=f"^({'|'.join(_STEPS)}|field\\..+)$"),
                ZONE,
            ],
            "responses": answer("The counts.", {"oneOf": [ref("CountsByTime"), ref("CountsByField")]}),
        }
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what it answers."""
    start = {**TEXT, "format": "date-time", "description": "When it began, in the zone that was asked for."}
    value = {**TEXT_OR_NONE, "description": "Its first 200 characters; null where there is none."}
    return {
        "CountsByTime": an_object(by={"enum": [*_STEPS]}, times=a_list(an_object(start=start, n=COUNT))),
        "CountsByField": an_object(
            by={**TEXT, "pattern": "^field\\."},
            values={**a_list(an_object(value=value, n=COUNT)), "description": f"The {VALUES_MOST} most frequent."},
            others={**COUNT, "description": "How many have another value."},
        ),
    }
