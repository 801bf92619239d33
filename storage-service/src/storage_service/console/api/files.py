"""`GET /v1/submissions/<id>/files/<number>`: a file that came with a submission, and a small picture of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from shared.web.schemas import TEXT, Schema
from storage_service.console.access import asker, needs
from storage_service.console.describing import Described
from storage_service.console.files.answers import Files
from storage_service.console.files.finding import place_of
from storage_service.console.parameters import Parameters
from storage_service.console.parts import Parts
from storage_service.console.places import id_of

_ONE = "/v1/submissions/<id>/files/<number>"
_BESIDE = "/v1/submissions/<id>/conflicts/<fingerprint>/files/<number>"


def routes(parts: Parts) -> Blueprint:
    """Return the views."""
    views = Blueprint("files", __name__)
    files = Files(parts)

    @views.get(_ONE)
    @views.get(_BESIDE)
    @needs("read")
    def file(id: str, number: str, fingerprint: str | None = None) -> Response:  # noqa: A002 - as the address has it
        Parameters(request, others=True)
        return files.file(place_of(id_of(id), number, fingerprint), asker())

    @views.get(f"{_ONE}/preview")
    @views.get(f"{_BESIDE}/preview")
    @needs("read")
    def preview(id: str, number: str, fingerprint: str | None = None) -> Response:  # noqa: A002
        Parameters(request, others=True)
        return files.preview(place_of(id_of(id), number, fingerprint), asker())

    return views


def described() -> Described:
    """Describe them."""
    one, beside = "GET /v1/submissions/{id}/files/{number}", "GET /v1/submissions/{id}/conflicts/{fingerprint}/files/"
    return {
        one: _file("A file that came with a submission"),
        f"{beside}{{number}}": _file("A file that came later under the id of a submission, with other fields"),
        f"{one}/preview": _preview("A small picture of a file that is a picture"),
        f"{beside}{{number}}/preview": _preview("A small picture of such a file"),
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what they answer: bytes."""
    return {}


def _file(summary: str) -> dict[str, Any]:
    headers = {
        "ETag": {"schema": TEXT, "description": "The SHA-256 of the file, in hex and quotes."},
        "Content-Disposition": {"schema": TEXT, "description": "`attachment`, with its name (RFC 6266)."},
        "Accept-Ranges": {"schema": {"const": "bytes"}},
    }
    bytes_ = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    return {
        "summary": summary,
        "parameters": [
            _header("Range", "One range, `bytes=0-1023`: to go on where a download broke off."),
            _header("If-Range", "The `ETag`: the whole file where it is another."),
            _header("If-None-Match", "The `ETag`: 304 where it is still that one."),
        ],
        "responses": {
            "200": {"description": "The file, to be saved.", "headers": headers, "content": bytes_},
            "206": {"description": "The range that was asked for.", "headers": headers, "content": bytes_},
            "304": {"description": "It is the one that you have."},
            **{status: {"$ref": f"#/components/responses/{status}"} for status in ("409", "410", "416")},
        },
    }


def _preview(summary: str) -> dict[str, Any]:
    picture = {"image/webp": {"schema": {"type": "string", "format": "binary"}}}
    return {
        "summary": summary,
        "responses": {
            "200": {"description": "A picture of 320 pixels at most.", "content": picture},
            "304": {"description": "It is the one that you have."},
            **{status: {"$ref": f"#/components/responses/{status}"} for status in ("409", "410")},
        },
    }


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": TEXT}
