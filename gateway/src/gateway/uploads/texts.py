"""Gathers the fields of a multipart body that comes part by part, within their own limits."""

from __future__ import annotations

from collections.abc import Iterator

from werkzeug.http import parse_options_header

from gateway.http import body, encodings
from gateway.http.body import Body, Limits
from gateway.http.errors import refused, too_large, too_many_fields
from gateway.uploads.multipart import Part

_CHARSET = "_charset_"


class Texts:
    """The fields so far. They are decoded at the end: which encoding they have, a field may say (`_charset_`)."""

    def __init__(self, limits: Limits, charset: str) -> None:
        self._limits = limits
        self._charset = charset
        self._parts: list[tuple[str, bytes, str | None]] = []
        self._bytes = 0

    def add(self, name: str, part: Part) -> None:
        """Read a field; raises `Refused` (413) over the limits of a submission without files."""
        if len(self._parts) >= self._limits.fields:
            raise too_many_fields(self._limits.fields)
        pieces: list[bytes] = []
        for piece in part.content:
            self._bytes += len(piece)
            if self._bytes > self._limits.body_bytes:
                raise too_large(self._limits.body_bytes)
            pieces.append(piece)
        value = b"".join(pieces)
        if name == _CHARSET:
            self._charset = encodings.known(value.decode("ascii", "replace")) or self._charset
        self._parts.append((name, value, _charset_of(part)))

    def body(self) -> Body:
        """Return the fields by name, as those of any other body; raises `Refused` (400, 413, 422)."""
        read = body.checked(body.gathered(self._decoded()))
        body.check_names(read.values, self._limits)
        return read

    def _decoded(self) -> Iterator[tuple[str, str]]:
        for name, value, own in self._parts:
            charset = own or self._charset
            try:
                yield name, value.decode(charset)
            except UnicodeDecodeError as error:
                raise body.wrong_encoding(charset) from error


def _charset_of(part: Part) -> str | None:
    kind = part.headers.get(b"content-type")
    named = parse_options_header(kind.decode("latin-1"))[1].get("charset") if kind else None
    return encodings.known(named) if named else None


def name_of(part: Part) -> str:
    """Return a part's name; raises `Refused` (400) where it has none."""
    disposition = _text(part.headers.get(b"content-disposition", b""))
    name = parse_options_header(disposition)[1].get("name")
    if name is None:
        raise refused(400, "MALFORMED", "A part of the multipart body has no name.")
    return name


def _text(header: bytes) -> str:
    try:
        return header.decode("utf-8")
    except UnicodeDecodeError:
        return header.decode(encodings.WINDOWS, "replace")
