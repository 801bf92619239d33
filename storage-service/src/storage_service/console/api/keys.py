"""`/v1/keys`: which keys there are, further ones, and their end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request
from marshmallow import Schema as Checked
from marshmallow import ValidationError, fields, validate, validates

from shared.database import iso
from shared.forms import NAME as FORM_NAME
from shared.web.refusals import refused
from shared.web.schemas import MOMENT, TEXT, Schema, a_list, an_object, ref
from storage_service.accounts.asker import SCOPES
from storage_service.accounts.keys import DAYS_MOST, FORMS_MOST, NAME_EXPECTED, Key, NameTaken, is_known_name, is_name
from storage_service.console.access import asker_of_all, needs
from storage_service.console.answers import JSON, json_answer
from storage_service.console.describing import Described, answer, body
from storage_service.console.parameters import Parameters, body_of
from storage_service.console.parts import Parts

GIVEN = tuple(scope for scope in SCOPES if scope != "admin")
"""The scopes that a key made here may have. One with `admin` is made by the command alone: who has stolen one cannot
make it last."""

_FORM = f"{FORM_NAME.pattern}\\Z"


class KeySchema(Checked):
    """What somebody asks a key to be."""

    name = fields.String(required=True)
    scopes = fields.List(
        fields.String(validate=validate.OneOf(GIVEN, error=f"expected some of {', '.join(GIVEN)}")),
        required=True,
        validate=validate.Length(1, len(GIVEN)),
    )
    forms = fields.List(
        fields.String(validate=validate.Regexp(_FORM, error="expected the name of a form")),
        allow_none=True,
        validate=validate.Length(1, FORMS_MOST),
    )
    days = fields.Integer(strict=True, allow_none=True, validate=validate.Range(1, DAYS_MOST))

    @validates("name")
    def _check_name(self, value: str, **_: object) -> None:
        if not is_name(value):
            raise ValidationError(NAME_EXPECTED)


def routes(parts: Parts) -> Blueprint:
    """Return the views."""
    views = Blueprint("keys", __name__)

    @views.get("/v1/keys")
    @needs("admin")
    def listed() -> Response:
        asker_of_all("a key")
        Parameters(request)
        now = parts.clock()
        return json_answer({"keys": [_shown(one, now) for one in parts.keys.listed()]})

    @views.post("/v1/keys")
    @needs("admin")
    def add() -> Response:
        who = asker_of_all("a key")
        given = body_of(request, KeySchema())
        name, scopes, forms = given["name"], _once(given["scopes"]), given.get("forms")
        try:
            made = parts.keys.add(name, scopes, forms and _once(forms), given.get("days"), by=who)
        except NameTaken as error:
            raise refused(
                409, "NAME", "There is a key of this name already, or there was one.", field="name"
            ) from error
        kept = parts.keys.one(name)
        shown = {} if kept is None else _shown(kept, parts.clock())
        return json_answer({"key": made, **shown}, 201)

    @views.delete("/v1/keys/<name>")
    @needs("admin")
    def end(name: str) -> Response:
        who = asker_of_all("a key")
        if not is_known_name(name) or not parts.keys.end(name, by=who):
            raise refused(404, "NOT_FOUND", "There is no key of this name that opens anything.")
        return Response(status=204)

    return views


def _once(texts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _shown(key: Key, now: datetime) -> dict[str, Any]:
    moments = {
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "ended_at": key.ended_at,
        "last_used_at": key.last_used_at,
    }
    return {
        "name": key.name,
        "scopes": list(key.scopes),
        "forms": None if key.forms is None else list(key.forms),
        "is_good": key.is_good(now),
        **{name: None if moment is None else iso(moment) for name, moment in moments.items()},
    }


def described() -> Described:
    """Describe them."""
    made = an_object("days", **_WRITTEN, days={"type": ["integer", "null"], "minimum": 1, "maximum": DAYS_MOST})
    example = {"name": "reports", "scopes": ["read", "export"], "forms": ["signup"], "days": 90}
    return {
        "GET /v1/keys": {
            "summary": "All keys but those of the environment, the newest first, also those that have ended",
            "responses": answer("They.", an_object(keys=a_list(ref("Key")))),
        },
        "POST /v1/keys": {
            "summary": "Make a key; `admin` cannot be among its scopes",
            "requestBody": body({**made, "required": ["name", "scopes"]}, example),
            "responses": {
                "201": {
                    "description": "It is made. `key` is shown now, and never again.",
                    "content": {JSON: {"schema": ref("NewKey")}},
                }
            },
        },
        "DELETE /v1/keys/{name}": {
            "summary": "End a key",
            "responses": {"204": {"description": "It opens nothing from now on."}},
        },
    }


_WRITTEN: dict[str, Schema] = {
    "name": {**TEXT, "minLength": 1, "maxLength": 100},
    "scopes": {**a_list({"enum": list(GIVEN)}), "minItems": 1, "maxItems": len(GIVEN)},
    "forms": {
        "type": ["array", "null"],
        "items": {**TEXT, "pattern": f"^{FORM_NAME.pattern}$"},
        "minItems": 1,
        "maxItems": FORMS_MOST,
        "description": "Of these forms alone; null, of all.",
    },
}


def schemas() -> Mapping[str, Schema]:
    """Describe what they answer."""
    moment: Schema = {**MOMENT, "type": ["string", "null"]}
    shown: dict[str, Schema] = {
        **_WRITTEN,
        "scopes": a_list({"enum": list(SCOPES)}),
        "is_good": {"type": "boolean", "description": "It opens something now."},
        "created_at": MOMENT,
        "expires_at": moment,
        "ended_at": moment,
        "last_used_at": moment,
    }
    return {"Key": an_object(**shown), "NewKey": an_object(key=TEXT, **shown)}
