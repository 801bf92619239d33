"""Bounds the bodies that are read at the same time: each holds a thread for as long as it takes to come.

What is refused before its body was read is answered at once, and `Connection: close` said. Then the body is read on,
within bounds: who closes a connection on what is still coming takes the answer from a client that is still sending
(RFC 9112, section 9.6).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Response

from gateway.http.errors import RETRY_AFTER_S, Refused, too_many_requests, unavailable
from gateway.http.request import Request
from shared.sources import network_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

BODIES_MOST = 500
"""How many bodies are read at once in one process; beside them stay the threads of those who ask, and who watch."""

SOURCE_MOST = 250
"""How many of these may come from one address: half, so that one cannot keep the others from posting."""

SLOW_S = 2.0
SLOW_MOST = 50
"""How many bodies of one address may have been coming for longer than `SLOW_S` before it may begin no other."""

CROWDED_SWITCH_S = 0.05
"""How long a thread may keep Python's lock where many wait. A thousand that ask for it each five milliseconds, as is
usual, need two processors for asking alone: what takes a second otherwise, takes half a minute then."""

LINGER_MOST = 100
LINGER_OF_ONE = 10
LINGER_BYTES = 10 * 1024 * 1024
LINGER_S = 10.0
"""How many refused bodies are read on at once, in all and of one address; how much of each, as a photo that somebody
sends to a form without files; and for how long. One that stops coming is ended as any other, by
`shared.web.slow_clients`."""

LONG_MOST = 16
LONG_OF_ONE = 2
"""How many that are larger, where files are taken, are read on at their own pace: each may take minutes."""

_USUAL_SWITCH_S = sys.getswitchinterval()
_CHUNK_BYTES = 16 * 1024
_FEW = min(SLOW_MOST, SOURCE_MOST, BODIES_MOST)
_IS_READ = "counterfoil.body_is_read"
_LONG = "counterfoil.body_is_long"


@dataclass(frozen=True, slots=True)
class Long:
    """How many bytes a body may have that is read on for longer; `note` is told in how many seconds so many came, and
    raises `Refused` where that is too slow."""

    bytes_most: int
    note: Callable[[float, int], None]


class Bodies:
    """Reads bodies, so many at once in all and of each source. Safe to use from many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._was_crowded = False
        self._begun: dict[Request, tuple[str, float]] = {}
        self._lingering: dict[Request, str] = {}
        self._long: dict[Request, str] = {}

    def read(self, request: Request, length: int) -> bytes:
        """Return so many bytes of a request's body, fewer where it breaks off; raises `Refused` (429, 503)."""
        source, now_s = _source_of(request), self._clock()
        if len(self._begun) >= _FEW:
            sys.setswitchinterval(CROWDED_SWITCH_S)
            self._was_crowded = True
            self._check(source, now_s)
        elif self._was_crowded:
            sys.setswitchinterval(_USUAL_SWITCH_S)
            self._was_crowded = False
        self._begun[request] = source, now_s
        try:
            body: bytes = request.environ["wsgi.input"].read(length)
        finally:
            del self._begun[request]
        if len(body) == length:
            self.note_read(request)
        return body

    def note_read(self, request: Request) -> None:
        """Note that a request's body was read to its end."""
        request.environ[_IS_READ] = True

    def allow_long(self, request: Request, long: Long) -> None:
        """Have a request's body read on for longer where it is refused: a file is as large as it is, and what a proxy
        answers to who is still sending says nothing of why."""
        request.environ[_LONG] = long

    def _check(self, source: str, now_s: float) -> None:
        begun = list(self._begun.values())
        theirs_s = [now_s - begun_s for by, begun_s in begun if by == source]
        if len(theirs_s) >= SOURCE_MOST or sum(took_s > SLOW_S for took_s in theirs_s) >= SLOW_MOST:
            raise too_many_requests(RETRY_AFTER_S)
        if len(begun) >= BODIES_MOST:
            raise unavailable("Too many submissions are coming in just now.")

    def settle(self, request: Request, response: Response) -> Response:
        """Return the answer as it has to go out where the request's body was not read."""
        if not _is_unread(request.environ):
            return response
        response.headers["Connection"] = "close"
        # a stream or a file is no refusal; whoever waits to be asked for the body has not sent it, and will not
        waits = "100-continue" in request.headers.get("Expect", "").lower()
        long: Long | None = request.environ.get(_LONG)
        most = max(LINGER_BYTES, long.bytes_most if long else 0)
        if response.is_streamed or waits or (request.content_length or 0) > most:
            return response
        answer = response.get_data()
        response.headers["Content-Length"] = str(len(answer))
        return Response(self._answer(answer, request), response.status, response.headers)

    def _answer(self, answer: bytes, request: Request) -> Iterator[bytes]:
        yield answer
        self.read_on(request)

    def read_on(self, request: Request) -> None:
        """Read what is left of a body that nobody wants, within bounds."""
        source, until_s = _source_of(request), self._clock() + LINGER_S
        long: Long | None = request.environ.get(_LONG)
        if long and (request.content_length or 0) > LINGER_BYTES:
            with _place(self._long, request, source, LONG_MOST, LONG_OF_ONE) as is_in:
                if is_in:
                    self._read_long(request, long)
            return
        with _place(self._lingering, request, source, LINGER_MOST, LINGER_OF_ONE) as is_in:
            for _ in range(LINGER_BYTES // _CHUNK_BYTES + 1 if is_in else 0):
                if len(request.environ["wsgi.input"].read(_CHUNK_BYTES)) < _CHUNK_BYTES or self._clock() > until_s:
                    return

    def _read_long(self, request: Request, long: Long) -> None:
        for _ in range(long.bytes_most // _CHUNK_BYTES + 1):
            begun_s = self._clock()
            count = len(request.environ["wsgi.input"].read(_CHUNK_BYTES))
            if count < _CHUNK_BYTES:
                return
            try:
                long.note(self._clock() - begun_s, count)
            except Refused:
                return


@contextmanager
def _place(taken: dict[Request, str], request: Request, source: str, most: int, of_one: int) -> Iterator[bool]:
    """Say whether there is a place, and have it meanwhile."""
    sources = list(taken.values())
    if len(sources) >= most or sources.count(source) >= of_one:
        yield False
        return
    taken[request] = source
    try:
        yield True
    finally:
        del taken[request]


def _source_of(request: Request) -> str:
    return network_of(request.remote_addr or "unknown")


def _is_unread(environ: WSGIEnvironment) -> bool:
    if _IS_READ in environ:
        return False
    return environ.get("CONTENT_LENGTH", "0") not in {"", "0"} or "HTTP_TRANSFER_ENCODING" in environ
