"""What a form takes, as JSON Schema: its fields and its control fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.fields.types import FALSE, TRUE
from gateway.forms.control import SUBJECT_LIMIT
from gateway.forms.dialects import Role, roles_of
from gateway.http.idempotency import LENGTH_MOST
from shared.forms import Field, Form
from shared.forms.definitions import ADDRESS_NAMES
from shared.forms.labels import label_of
from shared.forms.lines import is_single_line

Schema = dict[str, Any]

KINDS = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")

_LINE = r"^[^\u0000-\u0008\u000a-\u001f\u007f\u0085\u2028\u2029]*$"
_LINES = r"^[^\u0000]*$"
_FORMATS = {"date": "date", "url": "uri", "tel": "tel"}
_EMAIL: Schema = {"type": "string", "format": "email"}
_NOTHING: list[Schema] = [{"type": "null"}, {"const": ""}]
_CONTROLS: Mapping[Role, Schema] = {
    "next": {"type": "string", "description": "Where a browser goes: here, or to an allowed origin."},
    "subject": {
        "type": "string",
        "maxLength": SUBJECT_LIMIT,
        "pattern": _LINE,
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
    schema = {**about, **_typed(field, form)}
    return schema if field.required else {"anyOf": [schema, *_NOTHING]}


def _typed(field: Field, form: Form) -> Schema:
    if field.type in {"number", "integer"}:
        bounds = {"minimum": field.min, "maximum": field.max}
        number = {"type": field.type, **{name: bound for name, bound in bounds.items() if bound is not None}}
        return {"anyOf": [number, {"type": "string", "description": "In decimal notation."}]}
    if field.type == "boolean":
        return {"anyOf": [{"type": "boolean"}, {"enum": sorted(TRUE | FALSE)}]}
    if field.type == "choice":
        return {"enum": list(field.choices)}
    if field.type == "list":
        return _listing(field, form)
    return _text(field, form)


def _listing(field: Field, form: Form) -> Schema:
    item = {"enum": list(field.choices)} if field.choices else _text(field, form)
    counts = {"minItems": field.min, "maxItems": field.max}
    entries = {"type": "array", "items": item, **{name: count for name, count in counts.items() if count is not None}}
    return {"anyOf": [entries, item]}


def _text(field: Field, form: Form) -> Schema:
    text: Schema = {"type": "string", "minLength": field.min_length, "maxLength": field.max_length}
    if field.name in ADDRESS_NAMES or field.type == "email":
        text["format"] = "email"
    elif field.type in _FORMATS:
        text["format"] = _FORMATS[field.type]
    elif field.pattern is None:
        text["pattern"] = _LINE if is_single_line(field, form) else _LINES
    if field.pattern is not None:
        text["pattern"] = f"^(?:{field.pattern})$"
    return text
