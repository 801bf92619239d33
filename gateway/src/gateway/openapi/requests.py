"""Describes what a form takes as JSON Schema: its fields and its control fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.fields.json_schema import LINE, Schema
from gateway.fields.types import TYPES
from gateway.forms.control import SUBJECT_LIMIT
from gateway.forms.dialects import Role, roles_of
from gateway.http.idempotency import LENGTH_MOST
from shared.forms import Field, FileRules, Form
from shared.forms.definitions import ADDRESS_NAMES
from shared.forms.labels import label_of
from shared.forms.uploads.kinds import accept_of
from shared.forms.uploads.words import limits_of

MULTIPART = "multipart/form-data"
KINDS = ("application/json", "application/x-www-form-urlencoded", MULTIPART)

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
    if form is None:
        any_object: Schema = {"type": "object", "description": "Values by name."}
        return {"required": True, "content": {kind: {"schema": any_object} for kind in KINDS}}
    kinds: Sequence[str] = (*KINDS, "text/plain") if form.text_plain else KINDS
    if any(field.required and field.file for field in (form.fields or {}).values()):
        kinds = (MULTIPART,)
    return {"required": True, "content": {kind: _content_of(form, kind) for kind in kinds}}


def _content_of(form: Form, kind: str) -> Schema:
    """Return what a body of one kind has: files stand in multipart ones alone."""
    if kind != MULTIPART or form.files is None:
        return {"schema": _object_of(form, {name: one for name, one in _fields_of(form).items() if not one.file})}
    content: Schema = {"schema": _object_of(form, _fields_of(form))}
    mimes = {name: _mimes_of(one.file) for name, one in _fields_of(form).items() if one.file}
    if encoding := {name: {"contentType": said} for name, said in mimes.items() if said}:
        content["encoding"] = encoding
    if form.files.undeclared:
        content["schema"]["description"] = f"Files may stand under any name: {limits_of(form.files.rules, form.files)}"
    return content


def _mimes_of(rules: FileRules) -> str:
    return ", ".join(one for one in accept_of(rules.types).split(",") if "/" in one)


def _fields_of(form: Form) -> Mapping[str, Field]:
    return form.fields or {}


def _object_of(form: Form, taken: Mapping[str, Field]) -> Schema:
    fields = {name: schema_of(field, form) for name, field in taken.items()}
    controls = {name: _CONTROLS[role] for name, role in roles_of(form).items()}
    schema: Schema = {"type": "object", "properties": {**fields, **controls}}
    if required := [name for name, field in taken.items() if field.required]:
        schema["required"] = required
    if form.confirmation.opt_in:
        schema["anyOf"] = [{"required": [name]} for name in _addresses_of(form)]
    if form.fields is None:
        schema["properties"] |= {name: {"anyOf": [_EMAIL, *_NOTHING]} for name in ADDRESS_NAMES}
    elif form.unknown == "refuse":
        schema["additionalProperties"] = False
    return schema


def _addresses_of(form: Form) -> list[str]:
    """Return where the address may stand that is to be confirmed."""
    fields = (*ADDRESS_NAMES, form.mail_field) if form.fields is None else (form.address_field,)
    return [name for name in fields if name] + [name for name, role in roles_of(form).items() if role == "reply_to"]


def schema_of(field: Field, form: Form) -> Schema:
    """Return the schema of one field. One that is not required may be empty, or null."""
    about = {"title": label_of(field)} | ({"description": field.help} if field.help else {})
    schema = {**about, **TYPES[field.type].describe(field, form)}
    return schema if field.required else {"anyOf": [schema, *_NOTHING]}
