"""Takes the body of a request that is passed on: its beginning at once, the rest while it is passed on."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.http.bodies import Bodies
from gateway.http.errors import Refused, refused, too_large
from gateway.http.request import Request

PIECE_BYTES = 64 * 1024


class Incoming:
    """A body: its first piece, which nearly every one is, and what comes after it. `length` is in bytes."""

    def __init__(self, request: Request, length: int, first: bytes) -> None:
        self.length = length
        self._first = first
        self._left = length - len(first)
        self._input = request.environ["wsgi.input"]

    def pieces(self) -> Iterator[bytes]:
        """Return the body in pieces; raises `Refused` (400) where it breaks off."""
        if self._first:
            yield self._first
        while self._left:
            wanted = min(self._left, PIECE_BYTES)
            piece = self._next(wanted)
            if len(piece) < wanted:
                raise cut_off()
            yield piece

    @property
    def has_more(self) -> bool:
        """Whether some of it has not been read."""
        return self._left > 0

    def _next(self, wanted: int) -> bytes:
        piece: bytes = self._input.read(min(self._left, wanted))
        self._left = self._left - len(piece) if piece else 0
        return piece


def take(request: Request, bodies: Bodies, limit_bytes: int) -> Incoming:
    """Read a body's first piece; raises `Refused` (400, 413, 429, 503).

    So a body that comes slowly keeps no place from others, unless it is a large one.
    """
    if "Transfer-Encoding" in request.headers:  # where a connection breaks, the server ends it as if it were complete
        raise refused(413, "LENGTH_REQUIRED", "Send the body's length (Content-Length), not chunks.")
    length = request.content_length or 0
    if length > limit_bytes:
        raise too_large(limit_bytes)
    wanted = min(length, PIECE_BYTES)
    first = bodies.read(request, wanted) if wanted else b""
    if len(first) < wanted:
        raise cut_off()
    return Incoming(request, length, first)


def cut_off() -> Refused:
    """Return the refusal of a body that breaks off: 400."""
    return refused(400, "CUT_OFF", "The request broke off before its end.")
