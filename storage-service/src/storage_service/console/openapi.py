"""Puts together the OpenAPI document of the console from what each resource says of its own addresses.

What all have in common is added here: the key and its scope, and the refusals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from flask import Blueprint, Flask

from shared.web.schemas import TEXT, Schema, a_list, an_object, ref
from storage_service.console.access import OPEN, PAGES, needed
from storage_service.console.answers import PROBLEM
from storage_service.console.describing import Described
from storage_service.console.parts import Parts

_PLACE = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_ABOUT = "Find, work on, and get out what came in. `Authorization: Bearer cf_…`; what a key may do are its scopes."


class Resource(Protocol):
    """A module of `console.api`: some addresses, and what they are."""

    def routes(self, parts: Parts) -> Blueprint:
        """Return the views."""

    def described(self) -> Described:
        """Return what each address takes and answers: summary, parameters, requestBody, and the responses that are no
        refusals. A body has an `example` in each of its kinds that is good as it stands."""

    def schemas(self) -> Mapping[str, Schema]:
        """Return what its answers refer to, by names of its own."""


class NotAsDescribed(Exception):
    """Addresses and descriptions differ; the text names both."""


def addresses(app: Flask, *, pages: bool = False) -> Iterator[tuple[str, str]]:
    """Return each address as a description names it, with its view's endpoint: `("GET /v1/forms", "forms.listed")`.

    Of `pages` or of the API: pages are for people, and not described.
    """
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(PAGES) is not pages:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            path = _PLACE.sub(r"{\1}", rule.rule)
            yield f"{method} {path}", rule.endpoint


def document_of(app: Flask, resources: Sequence[Resource], public_url: str | None) -> dict[str, Any]:
    """Return the document; raises `NotAsDescribed` where an address has no description, or a description no address."""
    described = {place: one for each in resources for place, one in each.described().items()}
    standing = dict(addresses(app))
    missing, gone = sorted(standing.keys() - described.keys()), sorted(described.keys() - standing.keys())
    if missing or gone:
        raise NotAsDescribed(
            f"say in described() of their modules what these are: {', '.join(missing) or 'none'}; "
            f"these are described and not there: {', '.join(gone) or 'none'}"
        )
    paths: dict[str, dict[str, Any]] = {}
    for place, operation in described.items():
        method, _, path = place.partition(" ")
        paths.setdefault(path, {})[method.lower()] = _completed(path, operation, needed(app, standing[place]))
    return {
        "openapi": "3.1.1",
        "info": {"title": "Counterfoil: records", "version": "1", "description": _ABOUT},
        "servers": [{"url": public_url or "/"}],
        "paths": paths,
        "components": {
            "schemas": {**_SCHEMAS, **{name: one for each in resources for name, one in each.schemas().items()}},
            "responses": {str(status): _refusal(text) for status, text in _REFUSALS.items()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "A key with this scope."}},
        },
    }


def _completed(path: str, operation: Mapping[str, Any], scope: str) -> dict[str, Any]:
    """Return an operation with what follows from its address and its scope."""
    said = operation.get("parameters", [])
    unsaid = [name for name in re.findall(r"{(\w+)}", path) if name not in {one["name"] for one in said}]
    made = {**operation, "parameters": [*map(_place, unsaid), *said]}
    statuses = [400, 405, 414, 503]
    if scope != OPEN:
        made |= {"security": [{"key": []}], "x-scope": scope}
        statuses += [401, 403, 422]
    if "{" in path:
        statuses.append(404)
    if "requestBody" in operation:
        statuses += [409, 413, 415]
    refusals = {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(statuses)}
    return {**made, "responses": {**operation["responses"], **refusals}}


def _place(name: str) -> dict[str, Any]:
    schema = {**TEXT, "format": "uuid"} if name == "id" else TEXT
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _refusal(description: str) -> dict[str, Any]:
    made: dict[str, Any] = {"description": description, "content": {PROBLEM: {"schema": ref("Problem")}}}
    header = next((name for text, name in _HEADERS.items() if description == _REFUSALS[text]), None)
    return {**made, "headers": {header: {"required": True, "schema": TEXT}}} if header else made


_SCHEMAS: dict[str, Schema] = {
    "Error": an_object("field", code={**TEXT, "description": "For programs."}, message=TEXT, field=TEXT),
    "Problem": an_object(
        *("place", "expected", "current"),
        type=TEXT,
        title=TEXT,
        status={"type": "integer"},
        detail={**TEXT, "description": "What is wrong, and how to mend it."},
        ok={"const": False},
        success={"const": False},
        error=TEXT,
        message=TEXT,
        errors=a_list(ref("Error")),
        place={
            **an_object(offset={"type": "integer"}, length={"type": "integer"}),
            "description": "Where a query is wrong.",
        },
        expected={**TEXT, "description": "What was expected there."},
        current={"description": "What it is by now, where somebody else was quicker."},
    ),
}
_REFUSALS = {
    400: "A parameter or the body is wrong; it is named. Of a query, the place and what was expected there.",
    401: "A key is needed. This one is unknown, has expired, or was ended.",
    403: "The key has not the scope that is needed.",
    404: "It is not here, or not for this key.",
    405: "This address does not take that method.",
    409: "Somebody else was quicker, or it is too late for this.",
    410: "It is known, and not in the store any more.",
    413: "The body is too large, or has no length.",
    414: "The address is too long.",
    415: "Another type of body.",
    416: "There are no bytes where they are asked for.",
    422: "It cannot be done: a member of the body is wrong, or the query takes too long.",
    503: "Not now: try again after `Retry-After`.",
}
_HEADERS = {416: "Content-Range", 401: "WWW-Authenticate", 403: "WWW-Authenticate", 405: "Allow", 503: "Retry-After"}
