"""The addresses below `/v1/suppressions`. None of them names a mail address: whoever looks for one sends a body."""

from __future__ import annotations

from flask import Blueprint, Response, request
from marshmallow import Schema as Checked
from marshmallow import fields, validate

from shared.forms import NAME as FORM_NAME
from shared.mail_addresses import ADDRESS_MOST
from shared.web.refusals import refused
from storage_service.accounts.asker import Asker
from storage_service.console.access import asker_of_all, needs
from storage_service.console.answers import json_answer
from storage_service.console.parameters import Parameters, body_of
from storage_service.console.parts import Parts
from storage_service.console.suppressions import NOTE_MOST, Suppressions

CURSOR_MOST = 400
_ADDRESS = validate.Length(1, ADDRESS_MOST)


class FindSchema(Checked):
    """Whom somebody looks for."""

    address = fields.String(required=True, validate=_ADDRESS)


class AddSchema(Checked):
    """Who is to be sent no mail: of a form, or, without it, of any."""

    address = fields.String(required=True, validate=_ADDRESS)
    form = fields.String(
        allow_none=True,
        validate=validate.Regexp(f"{FORM_NAME.pattern}\\Z", error="expected the name of a form, or null for all"),
    )
    note = fields.String(allow_none=True, validate=validate.Length(max=NOTE_MOST))


def routes(parts: Parts) -> Blueprint:
    """Return the views."""
    views, kept = Blueprint("suppressions", __name__), Suppressions(parts.asking, parts.audit)

    @views.get("/v1/suppressions")
    @needs("operate")
    def listed() -> Response:
        asked = Parameters(request, "limit", "cursor")
        _operator()
        page = kept.page(asked.limit(), asked.text("cursor", CURSOR_MOST))
        return json_answer({"suppressions": list(page.entries), "next_cursor": page.next_cursor})

    @views.post("/v1/suppressions/find")
    @needs("operate")
    def find() -> Response:
        who, address = _operator(), body_of(request, FindSchema())["address"]
        return json_answer({"suppressions": list(kept.find(who, address)), "next_cursor": None})

    @views.post("/v1/suppressions")
    @needs("operate")
    def add() -> Response:
        who, given = _operator(), body_of(request, AddSchema())
        if given.get("form") is not None and given["form"] not in parts.forms:
            raise refused(422, "FORM_NOT_FOUND", "There is no such form in the forms file.", field="form")
        one, is_new = kept.add(who, given["address"], given.get("form"), given.get("note"))
        return json_answer(one, 201 if is_new else 200)

    @views.delete("/v1/suppressions/<id>")
    @needs("operate")
    def remove(id: str) -> Response:  # noqa: A002 - as the address names it
        kept.remove(_operator(), id)
        return Response(status=204)

    return views


def _operator() -> Asker:
    return asker_of_all("a suppressed address")
