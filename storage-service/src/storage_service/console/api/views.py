"""`/v1/views`: saved views, one's own and those that others share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from marshmallow import Schema as Checked
from marshmallow import fields, validate

from shared.database import iso
from shared.web.refusals import FieldError, Refused, refused
from shared.web.schemas import ID, MOMENT, TEXT, Schema, a_list, an_object, ref
from storage_service.console.access import asker, needs
from storage_service.console.answers import JSON, json_answer
from storage_service.console.describing import Described, answer, body
from storage_service.console.parameters import LINE_CHARACTERS, Parameters, body_of
from storage_service.console.parts import Parts
from storage_service.views import VIEWS_MOST, BadView, NameTaken, NoView, TooManyViews, View, Written
from storage_service.views.view import COLUMN_MOST, COLUMNS_MOST, NAME_MOST


class ViewSchema(Checked):
    """What somebody writes for a view; `views.view.Written` says what of it is taken."""

    name = fields.String(required=True)
    query = fields.String(validate=validate.Length(max=LINE_CHARACTERS))
    columns = fields.List(fields.String(), validate=validate.Length(max=COLUMNS_MOST))
    zone = fields.String()
    shared = fields.Boolean(truthy={True}, falsy={False})


def routes(parts: Parts) -> Blueprint:
    """Return the views."""
    views = Blueprint("views", __name__)

    @views.get("/v1/views")
    @needs("read")
    def listed() -> Response:
        Parameters(request)
        return json_answer({"views": [_shown(one, asker().name) for one in parts.views.listed(asker())]})

    @views.post("/v1/views")
    @needs("write")
    def save() -> Response:
        with _told():
            view = parts.views.save(Written(**body_of(request, ViewSchema())), asker())
        return json_answer(_shown(view, asker().name), 201, {"Location": f"/v1/views/{view.id}"})

    @views.get("/v1/views/<uuid:id>")
    @needs("read")
    def one(id: UUID) -> Response:  # noqa: A002 - as the address names it
        with _told():
            return json_answer(_shown(parts.views.one(id, asker()), asker().name))

    @views.patch("/v1/views/<uuid:id>")
    @needs("write")
    def change(id: UUID) -> Response:  # noqa: A002
        given = body_of(request, ViewSchema(partial=True))
        with _told():
            return json_answer(_shown(parts.views.change(id, given, asker()), asker().name))

    @views.delete("/v1/views/<uuid:id>")
    @needs("write")
    def remove(id: UUID) -> Response:  # noqa: A002
        with _told():
            parts.views.remove(id, asker())
        return Response(status=204)

    return views


@contextmanager
def _told() -> Iterator[None]:
    """Turn refusals of views into those of requests."""
    try:
        yield
    except NoView as error:
        raise refused(404, "NOT_FOUND", "There is no such view, or it is not yours to change.") from error
    except NameTaken as error:
        raise refused(409, "NAME", "You have another view of this name.", field="name") from error
    except TooManyViews as error:
        raise refused(409, "TOO_MANY_VIEWS", f"You have {VIEWS_MOST} views: remove one.") from error
    except BadView as error:
        raise _wrong(error) from error


def _wrong(error: BadView) -> Refused:
    if error.at is None:
        title = f"{error}."
        return Refused(422, title, FieldError("INVALID", title, error.member))
    title = f"The query is wrong at character {error.at + 1}: {error.reason}."
    place = {"offset": error.at, "length": error.length}
    more = {"place": place, "expected": error.reason}
    return Refused(422, title, FieldError("QUERY", title, error.member), more=more)


def _shown(view: View, who: str) -> dict[str, Any]:
    written = view.written
    return {
        "id": str(view.id),
        "name": written.name,
        "query": written.query,
        "columns": list(written.columns),
        "zone": written.zone,
        "shared": written.shared,
        "owner": view.owner,
        "is_yours": view.owner == who,
        "created_at": iso(view.created_at),
        "changed_at": iso(view.changed_at),
    }


_WRITTEN: dict[str, Schema] = {
    "name": {**TEXT, "minLength": 1, "maxLength": NAME_MOST},
    "query": {**TEXT, "description": "A query; everything where it is empty.", "maxLength": LINE_CHARACTERS},
    "columns": {
        **a_list({**TEXT, "minLength": 1, "maxLength": COLUMN_MOST}),
        "maxItems": COLUMNS_MOST,
        "uniqueItems": True,
        "description": "As exports name them; none for the usual ones.",
    },
    "zone": {**TEXT, "description": "The time zone of the query's days: `Europe/Berlin`.", "maxLength": 64},
    "shared": {"type": "boolean", "description": "Everybody may see it who may see the forms that it names."},
}


def described() -> Described:
    """Describe them."""
    whole = {"content": {JSON: {"schema": ref("View")}}}
    example = {"name": "Urgent", "query": "is:open label:urgent", "columns": ["form", "name"], "zone": "Europe/Berlin"}

    return {
        "GET /v1/views": {
            "summary": "Your saved views, and those that others share, by name",
            "responses": answer("They.", an_object(views=a_list(ref("View")))),
        },
        "POST /v1/views": {
            "summary": "Save a view",
            "requestBody": body(an_object("query", "columns", "zone", "shared", **_WRITTEN), example),
            "responses": {"201": {"description": "It is saved.", **whole}},
        },
        "GET /v1/views/{id}": {"summary": "One view", "responses": answer("It.", ref("View"))},
        "PATCH /v1/views/{id}": {
            "summary": "Change what is said of a view of yours; with `admin`, of a shared one",
            "requestBody": body(an_object(*_WRITTEN, **_WRITTEN), example),
            "responses": answer("It is changed.", ref("View")),
        },
        "DELETE /v1/views/{id}": {
            "summary": "Remove a view of yours; with `admin`, a shared one",
            "responses": {"204": {"description": "It is removed."}},
        },
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what they answer."""
    yours: Schema = {"type": "boolean"}
    rest = {"owner": TEXT, "is_yours": yours, "created_at": MOMENT, "changed_at": MOMENT}
    return {"View": an_object(id=ID, **_WRITTEN, **rest)}
