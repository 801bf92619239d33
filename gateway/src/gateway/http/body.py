"""Reads the bytes of a request as named values: JSON, urlencoded and multipart."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import IO
from urllib.parse import parse_qsl

from werkzeug.exceptions import RequestEntityTooLarge

from gateway.http import encodings
from gateway.http.bodies import Bodies
from gateway.http.errors import Refused, refused, too_large, too_many_fields
from gateway.http.request import Request
from shared.contracts import JsonValue, Unacceptable, check, parse

_REPLACED = "\ufffd"
"""What werkzeug puts in place of what it cannot read in a multipart value; somebody may have typed it, too."""

HEADER_BYTES = 8 * 1024
"""What a part's header may have: names are far shorter (`Limits`, `files.names`), and werkzeug reads one in the square
of its length."""

_HEADER_END = re.compile(rb"\r\n\r\n|\r\r|\n\n")

_BLANK = re.compile(rb"[\x00-\x20]")
"""What no urlencoded body holds; a form of `enctype="text/plain"`, which nobody can read with certainty, does."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a body may hold at most, and how many are read at once."""

    body_bytes: int
    fields: int = 500
    name_characters: int = 500
    values: int = 10_000
    bodies: Bodies = field(default_factory=Bodies)


@dataclass(frozen=True, slots=True)
class Body:
    """The submitted values by name; a name that stands more than once, or ends in `[]`, has a list.

    Without a `flaw` they pass `shared.contracts.check`. With one they were read and cannot be taken: a value that
    cannot be stored, or a file.
    """

    values: dict[str, JsonValue]
    flaw: Refused | None = None


def read(request: Request, limits: Limits, *, text_plain: bool = False) -> Body:
    """Return what was submitted; with `text_plain` also what calls itself plain text and is JSON or urlencoded.

    Raises `Refused`: 400 for what is malformed, 413 over a limit, 415 for another type or a compressed body, 422 for
    a JSON value that cannot be stored, 429 and 503 where too many are being read.
    """
    check_encoding(request)
    try:
        body = _read_by_type(request, limits, text_plain=text_plain)
    except Unacceptable as error:
        raise _refusal_of(error) from error
    check_names(body.values, limits)
    return body


def check_encoding(request: Request) -> None:
    """Raise `Refused` (415) where the body is compressed."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise refused(415, "ENCODING_NOT_SUPPORTED", "Compressed bodies are not taken.")


def check_names(values: Mapping[str, JsonValue], limits: Limits) -> None:
    """Raise `Refused` (413, 422) where there are too many names, or one is too long."""
    if len(values) > limits.fields:
        raise too_many_fields(limits.fields)
    if any(len(name) > limits.name_characters for name in values):
        reason = f"A field's name is too long: {limits.name_characters} characters are the limit."
        raise refused(422, "VALUE_NOT_ACCEPTED", reason)


def _read_by_type(request: Request, limits: Limits, *, text_plain: bool) -> Body:
    kind, charset = request.mimetype, encodings.declared(request)
    if kind == "application/x-www-form-urlencoded":
        return checked(gathered(_urlencoded(_bytes_of(request, limits), limits, charset)))
    if kind == "application/json":
        return Body(_json(_bytes_of(request, limits), limits, charset))
    if kind == "multipart/form-data":
        return _multipart(request, limits, charset)
    if kind == "text/plain" and text_plain:
        return _plain(_bytes_of(request, limits), limits, charset)
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
    body = limits.bodies.read(request, length)
    if len(body) < length:
        raise refused(400, "CUT_OFF", "The submission broke off before its end.")
    return body


def _plain(document: bytes, limits: Limits, charset: str) -> Body:
    """Read what a script could send without asking first: it says nothing of its type, and shows it."""
    text = document.removeprefix(codecs.BOM_UTF8).strip()
    if text.startswith(b"{"):
        return Body(_json(text, limits, charset))
    if b"=" in text and not _BLANK.search(text):
        return checked(gathered(_urlencoded(text, limits, charset)))
    raise refused(415, "TYPE_NOT_SUPPORTED", "Plain text is taken where it is a JSON object or urlencoded.")


def _json(document: bytes, limits: Limits, charset: str) -> dict[str, JsonValue]:
    if charset != encodings.UTF_8:
        document = _decoded(document, charset).encode("utf-8")
    value = parse(document.removeprefix(codecs.BOM_UTF8))
    if not isinstance(value, dict):
        raise refused(400, "MALFORMED", "The body must be a JSON object of field names and values.")
    if document.count(b",") >= limits.values and _count(value) > limits.values:
        raise refused(413, "TOO_MANY_FIELDS", f"The submission has too many values: {limits.values} are the limit.")
    return value


def _count(value: JsonValue) -> int:
    """Return how many values there are, an empty object or list as one: a page of an error shows each."""
    if isinstance(value, dict | list) and value:
        return sum(map(_count, value.values() if isinstance(value, dict) else value))
    return 1


def _urlencoded(document: bytes, limits: Limits, charset: str) -> list[tuple[str, str]]:
    if document.count(b"&") >= limits.fields:
        raise too_many_fields(limits.fields)
    charset = encodings.said_in(document, charset)
    text = _decoded(document, charset)
    try:
        return parse_qsl(text, keep_blank_values=True, encoding=charset, errors="strict")
    except UnicodeDecodeError as error:
        raise wrong_encoding(charset) from error


def _decoded(document: bytes, charset: str) -> str:
    try:
        return document.decode(charset)
    except UnicodeDecodeError as error:
        raise wrong_encoding(charset) from error


def wrong_encoding(charset: str) -> Refused:
    """Return the refusal of a body that is not in its encoding: 400."""
    return refused(400, "MALFORMED", f"The body is not {'UTF-8' if charset == encodings.UTF_8 else 'Windows-1252'}.")


def _multipart(request: Request, limits: Limits, charset: str) -> Body:
    boundary = request.mimetype_params.get("boundary", "").encode("latin-1", "replace")
    if not boundary:
        raise refused(400, "MALFORMED", "The multipart body names no boundary.")
    parser = encodings.Parts(
        stream_factory=_stream_of_file, max_form_memory_size=limits.body_bytes, max_form_parts=limits.fields
    )
    body = _bytes_of(request, limits)
    _check_headers(body, boundary)
    parser.charset = encodings.said_in(body, charset)
    try:
        form, files = parser.parse(io.BytesIO(body), boundary, len(body))
    except RequestEntityTooLarge as error:
        raise too_many_fields(limits.fields) from error
    except ValueError as error:
        raise refused(400, "MALFORMED", "The multipart body is malformed.") from error
    if None in form or None in files:  # werkzeug's name for a part without one
        raise refused(400, "MALFORMED", "A part of the multipart body has no name.")
    marks = sum(value.count(_REPLACED) for _, value in form.items(multi=True))
    if marks > body.count(_REPLACED.encode()):
        raise wrong_encoding(parser.charset)
    values = gathered(form.items(multi=True))
    # A browser sends a nameless, empty part for a file input that was left alone.
    if any(upload.filename or upload.stream.read(1) for upload in files.values()):
        return Body(values, refused(422, "NO_FILE_UPLOADS", "This form does not take files."))
    return checked(values)


def _check_headers(body: bytes, boundary: bytes) -> None:
    """Refuse a body with a part whose header is too long, before anything reads it."""
    for part in body.split(b"--" + boundary)[1:]:
        if len(part) > HEADER_BYTES and not part.startswith(b"--") and not _HEADER_END.search(part, 0, HEADER_BYTES):
            raise refused(400, "MALFORMED", f"A part's header is too long: {HEADER_BYTES // 1024} kB are the limit.")


def _stream_of_file(
    total_content_length: int | None,  # noqa: ARG001 - werkzeug calls by these names
    content_type: str | None,  # noqa: ARG001
    filename: str | None,  # noqa: ARG001
    content_length: int | None = None,  # noqa: ARG001
) -> IO[bytes]:
    """Keep a file in memory: the body, which is there already, has a limit of its own."""
    return io.BytesIO()


def gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, JsonValue]:
    """Return the values by name. `name[]` is how PHP, Rails, jQuery and axios write a list, even of one."""
    values: dict[str, JsonValue] = {}
    for given, value in pairs:
        name = given.removesuffix("[]") or given
        before = values.get(name)
        if isinstance(before, list):
            before.append(value)
        elif before is not None:
            values[name] = [before, value]
        else:
            values[name] = value if name == given else [value]
    return values


def checked(values: dict[str, JsonValue]) -> Body:
    """Return values, with a flaw where one cannot be stored."""
    try:
        check(values)
    except Unacceptable as error:
        return Body(values, _refusal_of(error))
    return Body(values)


def _refusal_of(error: Unacceptable) -> Refused:
    if error.malformed:
        return refused(400, "MALFORMED", f"The body could not be read: {error.reason}.")
    return refused(422, "VALUE_NOT_ACCEPTED", f"A value cannot be stored: {error.reason}.", field=error.place or None)
