"""Finds the encoding of a body: UTF-8, or what old pages declare instead."""

from __future__ import annotations

import re

from werkzeug.datastructures import Headers
from werkzeug.formparser import MultiPartParser
from werkzeug.http import parse_options_header

from gateway.http.errors import refused
from gateway.http.request import Request

UTF_8 = "utf-8"
WINDOWS = "cp1252"
"""Read for ISO-8859-1 too, as browsers do (WHATWG, Encoding): what both have is the same there."""

_KNOWN = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), UTF_8),
    **dict.fromkeys(
        ("iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "l1", "windows-1252", "cp1252", "x-cp1252"),
        WINDOWS,
    ),
}
_FIELD = b"_charset_"
_IN_URLENCODED = re.compile(rb"(?:^|&)_charset_=([\w.-]{1,40})(?=&|$)")
_IN_MULTIPART = re.compile(rb'name="?_charset_"?\r\n\r\n([\w.-]{1,40})\r\n')


def declared(request: Request) -> str:
    """Return the encoding that the request declares for its body; raises `Refused` (415) for one that is not read."""
    named = request.mimetype_params.get("charset")
    if named is None:
        return UTF_8
    encoding = known(named)
    if encoding is None:
        raise refused(415, "ENCODING_NOT_SUPPORTED", "Only UTF-8, ISO-8859-1 and Windows-1252 are taken.")
    return encoding


def known(named: str) -> str | None:
    """Return the encoding that goes by a name; None for one that is not read."""
    return _KNOWN.get(named.strip().lower())


def said_in(body: bytes, otherwise: str) -> str:
    """Return the encoding that a form's body says itself, in the field `_charset_` (HTML, 4.10.19.1), if it is read."""
    if _FIELD not in body:
        return otherwise
    found = _IN_URLENCODED.search(body) or _IN_MULTIPART.search(body)
    return _KNOWN.get(found[1].decode().lower(), otherwise) if found else otherwise


class Parts(MultiPartParser):
    """Reads the parts of a body in one encoding, but those that name another one."""

    charset = UTF_8

    def get_part_charset(self, headers: Headers) -> str:
        """Return the encoding of a part."""
        named = parse_options_header(headers.get("content-type"))[1].get("charset", "")
        return _KNOWN.get(named.lower(), self.charset)
