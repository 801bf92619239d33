"""Writes what a resource says of its addresses, shortly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.web.schemas import TEXT, Schema
from storage_service.console.answers import JSON

Described = Mapping[str, Mapping[str, Any]]
"""OpenAPI's operations by `"GET /v1/submissions/{id}"`."""


def answer(description: str, schema: Schema, status: int = 200, **headers: Schema) -> dict[str, Any]:
    """Return what is answered when all is well, in JSON, as the responses of a description."""
    made: dict[str, Any] = {"description": description, "content": {JSON: {"schema": schema}}}
    if headers:
        made["headers"] = {name.replace("_", "-"): {"schema": one} for name, one in headers.items()}
    return {str(status): made}


def parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    """Return a parameter behind the `?`."""
    return {"name": name, "in": "query", "description": description, "schema": {**TEXT, **schema}}


def body(schema: Schema, example: Any) -> dict[str, Any]:
    """Return a body in JSON, with an example that is good as it stands."""
    return {"required": True, "content": {JSON: {"schema": schema, "example": example}}}
