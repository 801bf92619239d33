"""`GET /v1/forms`: the forms, and how many submissions each has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from shared.database import iso
from shared.forms import Form
from shared.web.schemas import MOMENT_OR_NONE, TEXT, TEXT_OR_NONE, Schema, a_list, an_object, ref
from storage_service.console.access import asker, needs
from storage_service.console.answers import json_answer
from storage_service.console.api.bodies.shown import COUNT
from storage_service.console.describing import Described, answer
from storage_service.console.parameters import Parameters
from storage_service.console.parts import Parts
from storage_service.records import FormCounts
from storage_service.records.counting import NEW_MOST

_NONE = FormCounts()


def routes(parts: Parts) -> Blueprint:
    """Return the view."""
    views = Blueprint("forms", __name__)

    @views.get("/v1/forms")
    @needs("read")
    def listed() -> Response:
        Parameters(request)
        who = asker()
        counted = parts.counting.by_form(who.forms)
        defined = {name: form for name, form in parts.forms.items() if who.may_see(name)}
        names = sorted(defined.keys() | counted.keys())
        shown = [_shown(one, defined.get(one), counted.get(one, _NONE), parts.public_url) for one in names]
        return json_answer({"forms": shown})

    return views


def _shown(name: str, form: Form | None, counts: FormCounts, public_url: str | None) -> dict[str, Any]:
    return {
        "name": name,
        "title": form.title if form else name,
        "active": form is not None and form.active,
        "counts": {"new": counts.new, "all": counts.all, "spam": counts.spam, **_further(counts)},
        "last_at": iso(counts.last_at) if counts.last_at else None,
        "url": f"{public_url or ''}/f/{name}" if form else None,
    }


def _further(counts: FormCounts) -> dict[str, Any]:
    return {"unconfirmed": counts.unconfirmed, "exact": counts.is_exact}


def described() -> Described:
    """Describe it."""
    responses = answer("All forms.", an_object(forms=a_list(ref("Form"))))
    return {"GET /v1/forms": {"summary": "The forms, and how many submissions each has", "responses": responses}}


def schemas() -> Mapping[str, Schema]:
    """Describe what it answers."""
    return {
        "Form": an_object(
            name=TEXT,
            title=TEXT,
            active={"type": "boolean", "description": "It takes submissions: it is defined, and not switched off."},
            counts={
                **an_object(new=COUNT, all=COUNT, spam=COUNT, unconfirmed=COUNT, exact={"type": "boolean"}),
                "description": f"`new` and `all` are without spam; `exact` is false above {NEW_MOST} new ones. "
                "`unconfirmed` of all wait until their addresses are confirmed.",
            },
            last_at={**MOMENT_OR_NONE, "description": "When the newest that is no spam was accepted."},
            url={**TEXT_OR_NONE, "description": "Its public address; null for one that is no longer defined."},
        )
    }
