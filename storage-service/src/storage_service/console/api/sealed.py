"""`GET /v1/submissions/<id>/sealed`: its sealed fields, opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from shared.web.schemas import TEXT, TEXT_OR_NONE, Schema, a_list, an_object, ref
from storage_service.console.access import asker, needs
from storage_service.console.answers import json_answer
from storage_service.console.api.bodies.shown import FIELDS
from storage_service.console.describing import Described, answer
from storage_service.console.known.unsealed import unsealed
from storage_service.console.parameters import Parameters
from storage_service.console.parts import Parts
from storage_service.console.places import id_of, no_submission
from storage_service.sealed import Opened


def routes(parts: Parts) -> Blueprint:
    """Return the view."""
    views = Blueprint("sealed", __name__)

    @views.get("/v1/submissions/<id>/sealed")
    @needs("unseal")
    def opened(id: str) -> Response:  # noqa: A002 - as the address has it
        Parameters(request)
        key, who = id_of(id), asker()
        record = parts.records.one(key, who.forms)
        if record is None:
            raise no_submission()
        found = unsealed(parts, record, who)
        later = [{"fingerprint": mark, **_shown(one)} for mark, one in found.conflicts.items()]
        return json_answer({**_shown(found.own), "conflicts": later})

    return views


def _shown(opened: Opened) -> dict[str, Any]:
    locked = [{"name": name, "reason": one.words, "key": one.key} for name, one in opened.locked.items()]
    return {"fields": opened.fields, "locked": locked}


def described() -> Described:
    """Describe it."""
    return {
        "GET /v1/submissions/{id}/sealed": {
            "summary": "Its sealed fields, opened; the audit notes it",
            "responses": answer("They.", ref("Unsealed")),
        }
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what it answers."""
    key = {**TEXT_OR_NONE, "description": "The key that is missing; null where the value is spoiled."}
    locked = {**a_list(an_object(name=TEXT, reason=TEXT, key=key)), "description": "Those that cannot be opened."}
    conflict = an_object(fingerprint=TEXT, fields=FIELDS, locked=locked)
    return {"Unsealed": an_object(fields=FIELDS, locked=locked, conflicts=a_list(conflict))}
