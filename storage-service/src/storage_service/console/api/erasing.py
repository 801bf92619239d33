"""`DELETE /v1/submissions/<id>`: one is erased, everywhere it can be."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request

from shared.web.refusals import refused
from shared.web.schemas import Schema
from storage_service.console.access import asker, needs
from storage_service.console.answers import NOT_KEPT
from storage_service.console.api.changes import answer_what_work_raises
from storage_service.console.describing import Described
from storage_service.console.parameters import Parameters
from storage_service.console.parts import Parts
from storage_service.console.places import id_of
from storage_service.console.versions import IF_MATCH, version_seen
from storage_service.work import Outdated

_CHANGED = "The submission has changed since the version in If-Match: nothing was done."
"""For a key that may not see how it is now."""


def routes(parts: Parts) -> Blueprint:
    """Return the view."""
    views = Blueprint("erasing", __name__)
    answer_what_work_raises(views, parts)

    @views.delete("/v1/submissions/<id>")
    @needs("erase")
    def erase(id: str) -> Response:  # noqa: A002 - as the address has it
        Parameters(request)
        key, seen, who = id_of(id), version_seen(request), asker()
        try:
            parts.erase_one(key, who, seen)
        except Outdated as error:
            if "read" in who.scopes:
                raise
            raise refused(409, "OUTDATED", _CHANGED) from error
        return Response(status=204, headers=NOT_KEPT)

    return views


def described() -> Described:
    """Describe it."""
    return {
        "DELETE /v1/submissions/{id}": {
            "summary": "Erase it: it cannot be brought back",
            "parameters": [IF_MATCH],
            "responses": {
                "204": {"description": "It is erased. From now on it is 404, as if it had never been."},
                "409": {"$ref": "#/components/responses/409"},
            },
        }
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what it answers: nothing."""
    return {}
