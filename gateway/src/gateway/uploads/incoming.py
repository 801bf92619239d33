"""Reads the body of a request with files, piece by piece."""

from __future__ import annotations

import time
from collections.abc import Iterator

from gateway.http.bodies import Bodies
from gateway.http.errors import Refused, refused
from gateway.http.request import Request
from gateway.uploads.pace import Pace
from gateway.uploads.places import Place
from shared.web.slow_clients import UploadPace

PIECE_BYTES = 128 * 1024
"""How much is read at once: at the slowest rate eight seconds' worth, and sixty-four at once are 8 MB. Threads hand
Python's lock over some times for each: half the size costs 1.3 times the time, twice the size 45 MB more."""


def length_of(request: Request) -> int:
    """Return how many bytes the body has; raises `Refused` (413) where the request does not say it.

    A chunked body is refused: where a connection breaks, the server ends such a body as if it were complete.
    """
    if "Transfer-Encoding" in request.headers:
        raise refused(413, "LENGTH_REQUIRED", "Send the submission's length (Content-Length), not chunks.")
    return request.content_length or 0


def whole(request: Request, length: int, bodies: Bodies) -> Iterator[bytes]:
    """Return the body of a request that is as small as any, in one piece; raises `Refused` (400, 429, 503)."""
    body = bodies.read(request, length)
    if len(body) < length:
        raise _cut_off()
    return iter((body,))


def streamed(request: Request, length: int, bodies: Bodies, least: UploadPace, place: Place) -> Iterator[bytes]:
    """Return the body in pieces while it comes; raises `Refused` (400 where it breaks off, 408, 503)."""
    source, pace, left = request.environ["wsgi.input"], Pace(least), length
    while left:
        wanted, begun_s = min(left, PIECE_BYTES), time.monotonic()
        piece: bytes = source.read(wanted)
        if len(piece) < wanted:
            raise _cut_off()
        pace.note(time.monotonic() - begun_s, wanted)
        place.note(wanted)
        left -= wanted
        yield piece
    bodies.note_read(request)


def _cut_off() -> Refused:
    return refused(400, "CUT_OFF", "The submission broke off before its end.")
