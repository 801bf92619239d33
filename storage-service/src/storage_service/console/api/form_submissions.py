"""`GET /v1/forms/<form>/submissions`: a form's submissions, as they always were listed."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request

from shared.web.refusals import refused
from shared.web.schemas import TEXT_OR_NONE, Schema, a_list, an_object, ref
from storage_service.console.access import asker, needs
from storage_service.console.answers import json_answer
from storage_service.console.api.bodies.shown import COUNT, STORED
from storage_service.console.describing import Described, answer, parameter
from storage_service.console.parameters import CURSOR, LIMIT, Parameters
from storage_service.console.parts import Parts
from storage_service.console.places import form_of, no_form


def routes(parts: Parts) -> Blueprint:
    """Return the view."""
    views = Blueprint("form_submissions", __name__)

    @views.get("/v1/forms/<form>/submissions")
    @needs("read")
    def listed(form: str) -> Response:
        """Answer with a page. A form that is no longer defined is answered by what it has taken; one that is not
        defined and has taken nothing is not there."""
        name, given = form_of(form, asker()), Parameters(request, "limit", "cursor", "spam", others=True)
        cursor = given.text("cursor")
        asked = {"form": name, "limit": given.limit(), "cursor": cursor, "spam": given.flag("spam")}
        page = parts.pages.page(asked)
        if page.get("error") == "cursor":
            raise refused(400, "CURSOR", "This cursor was not made here.", field="cursor")
        if name not in parts.forms and not page["submissions"] and cursor is None:
            raise no_form()
        return json_answer(page)

    return views


def described() -> Described:
    """Describe it."""
    return {
        "GET /v1/forms/{form}/submissions": {
            "summary": "A form's submissions, newest first; `GET /v1/submissions` can do more",
            "parameters": [
                LIMIT,
                CURSOR,
                parameter("spam", "`true`: what is spam, instead of all else.", type="boolean", default=False),
            ],
            "responses": answer("A page.", ref("FormSubmissions")),
        }
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what it answers."""
    return {
        "FormSubmissions": an_object(
            submissions=a_list(an_object(**STORED, conflict_count=COUNT, file_count=COUNT)), next_cursor=TEXT_OR_NONE
        )
    }
