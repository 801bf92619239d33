"""Describes what a form takes as JSON Schema: its fields and its control fields."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.fields.json_schema import LINE, Schema
from gateway.fields.types import TYPES
from gateway.forms.control import SUBJECT_LIMIT
from gateway.forms.dialects import Role, roles_of
from gateway.http.idempotency import LENGTH_MOST
from shared.forms import Field, Form
from shared.forms.definitions import ADDRESS_NAMES
from shared.forms.labels import label_of

KINDS = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")

_EMAIL: Schema = {"type": "string", "format": "email"}
_NOTHING: list[Schema] = [{"type": "null"}, {"const": ""}]
_CONTROLS: Mapping[Role, Schema] = {
    "next": {"type": "string", "description": "Where a browser goes: here, or to an allowed origin."},
    "subject": {
        "type": "string",
        "maxLength": SUBJECT_LIMIT,
        "pattern": LINE,
        "description": "The confirmation's subject.",
    },
    "reply_to": {**_EMAIL, "description": "Where the confirmation goes."},
    "language": {"type": "string"},
    "key": {
        "type": "string",
        "maxLength": LENGTH_MOST,
        "pattern": "^[ -~]*$",
        "description": "As the header Idempotency-Key.",
    },
    "trap": {"type": "string", "description": "To be left empty: whoever fills it in is taken for spam."},
    "access_key": {"type": "string"},
    "captcha": {"type": "string", "description": "What the captcha gave for its solution."},
    "unused": {"description": "Taken out, and not used."},
}


def body_of(form: Form | None) -> Schema:
    """Return the request body of a form; None stands for any form."""
    schema = _object_of(form) if form else {"type": "object", "description": "Values by name."}
    kinds = (*KINDS, "text/plain") if form and form.text_plain else KINDS
    return {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}


def _object_of(form: Form) -> Schema:
    fields = {name: schema_of(field, form) for name, field in (form.fields or {}).items()}
    controls = {name: _CONTROLS[role] for name, role in roles_of(form).items()}
    schema: Schema = {"type": "object", "properties": {**fields, **controls}}
    if required := [name for name, field in (form.fields or {}).items() if field.required]:
        schema["required"] = required
    if form.fields is None:
        schema["properties"] |= {name: {"anyOf": [_EMAIL, *_NOTHING]} for name in ADDRESS_NAMES}
    elif form.unknown == "refuse":
        schema["additionalProperties"] = False
    return schema


def schema_of(field: Field, form: Form) -> Schema:
    """Return the schema of one field. One that is not required may be empty, or null."""
    about = {"title": label_of(field)} | ({"description": field.help} if field.help else {})
    schema = {**about, **TYPES[field.type].describe(field, form)}
    return schema if field.required else {"anyOf": [schema, *_NOTHING]}
