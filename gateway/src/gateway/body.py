"""From the bytes of a request to named values: JSON, urlencoded and multipart."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO
from urllib.parse import parse_qsl

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser

from gateway.errors import Refused, refused, too_large, too_many_fields
from shared.contracts import JsonValue, Unacceptable, check, parse


@dataclass(frozen=True, slots=True)
class Limits:
    """What a body may hold at most."""

    body_bytes: int
    fields: int = 500


def read(request: Request, limits: Limits) -> dict[str, JsonValue]:
    """Return the submitted values by name; a name that stands more than once has a list.

    Whatever is returned passes `shared.contracts.check`. Raises `Refused`: 400 for what is malformed, 413 over a
    limit, 415 for another type or a compressed body, 422 for values that cannot be stored and for files.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise refused(415, "ENCODING_NOT_SUPPORTED", "Compressed bodies are not taken.")
    if request.mimetype_params.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        raise refused(415, "ENCODING_NOT_SUPPORTED", "Only UTF-8 is taken.")
    try:
        values = _read_by_type(request, limits)
    except Unacceptable as error:
        raise _refusal_of(error) from error
    if len(values) > limits.fields:
        raise too_many_fields(limits.fields)
    return values


def _read_by_type(request: Request, limits: Limits) -> dict[str, JsonValue]:
    kind = request.mimetype
    if kind == "application/x-www-form-urlencoded":
        return _checked(_urlencoded(_bytes_of(request, limits), limits))
    if kind == "application/json":
        return _json(_bytes_of(request, limits))
    if kind == "multipart/form-data":
        return _checked(_multipart(request, limits))
    raise refused(
        415, "TYPE_NOT_SUPPORTED", "Send application/json, application/x-www-form-urlencoded or multipart/form-data."
    )


def _bytes_of(request: Request, limits: Limits) -> bytes:
    """Read the whole body, of the length that the request has said.

    A chunked body is refused: where a connection breaks, the server ends such a body as if it were complete.
    """
    if "Transfer-Encoding" in request.headers:
        raise refused(413, "LENGTH_REQUIRED", "Send the submission's length (Content-Length), not chunks.")
    length = request.content_length or 0
    if length > limits.body_bytes:
        raise too_large(limits.body_bytes)
    body: bytes = request.environ["wsgi.input"].read(length)
    if len(body) < length:
        raise refused(400, "CUT_OFF", "The submission broke off before its end.")
    return body


def _json(document: bytes) -> dict[str, JsonValue]:
    value = parse(document)
    if not isinstance(value, dict):
        raise refused(400, "MALFORMED", "The body must be a JSON object of field names and values.")
    return value


def _urlencoded(document: bytes, limits: Limits) -> list[tuple[str, str]]:
    if document.count(b"&") >= limits.fields:
        raise too_many_fields(limits.fields)
    try:
        return parse_qsl(document.decode("utf-8"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise refused(400, "MALFORMED", "The body is not UTF-8.") from error


def _multipart(request: Request, limits: Limits) -> list[tuple[str, str]]:
    boundary = request.mimetype_params.get("boundary", "").encode("latin-1", "replace")
    if not boundary:
        raise refused(400, "MALFORMED", "The multipart body names no boundary.")
    parser = MultiPartParser(
        stream_factory=_refuse_files, max_form_memory_size=limits.body_bytes, max_form_parts=limits.fields
    )
    body = _bytes_of(request, limits)
    try:
        form, files = parser.parse(io.BytesIO(body), boundary, len(body))
    except RequestEntityTooLarge as error:
        raise too_many_fields(limits.fields) from error
    except ValueError as error:
        raise refused(400, "MALFORMED", "The multipart body is malformed.") from error
    if any(upload.stream.read(1) for upload in files.values()):
        raise _file_refusal()
    return list(form.items(multi=True))


def _refuse_files(
    total_content_length: int | None,  # noqa: ARG001 - werkzeug calls by these names
    content_type: str | None,  # noqa: ARG001
    filename: str | None,
    content_length: int | None = None,  # noqa: ARG001
) -> IO[bytes]:
    if filename:
        raise _file_refusal()
    return io.BytesIO()  # a browser sends a nameless, empty part for a file input that was left alone


def _file_refusal() -> Refused:
    return refused(422, "NO_FILE_UPLOADS", "This form does not take files.")


def _checked(pairs: Iterable[tuple[str, str]]) -> dict[str, JsonValue]:
    values: dict[str, JsonValue] = {}
    for name, value in pairs:
        before = values.get(name)
        if before is None:
            values[name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            values[name] = [before, value]
    check(values)
    return values


def _refusal_of(error: Unacceptable) -> Refused:
    if error.malformed:
        return refused(400, "MALFORMED", f"The body could not be read: {error.reason}.")
    return refused(422, "VALUE_NOT_ACCEPTED", f"A value cannot be stored: {error.reason}.", field=error.place or None)
