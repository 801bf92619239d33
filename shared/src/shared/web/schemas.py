"""Writes JSON Schemas for OpenAPI documents, shortly."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXT_OR_NONE: Schema = {"type": ["string", "null"]}
ID: Schema = {"type": "string", "format": "uuid"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
MOMENT_OR_NONE: Schema = {"type": ["string", "null"], "format": "date-time"}


def an_object(*optional: str, **members: Schema) -> Schema:
    """Return the schema of an object that has these members and no others, all but the optional ones always."""
    required = [name for name in members if name not in optional]
    return {"type": "object", "properties": members, "required": required, "additionalProperties": False}


def a_list(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def ref(name: str) -> Schema:
    """Return a reference to one of the document's schemas."""
    return {"$ref": f"#/components/schemas/{name}"}
