"""Passes one request on to the console, and its answer back, within bounds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog

from gateway.console.bounds import Bounds
from gateway.console.counters import PassingCounters
from gateway.console.headers import answered_headers, asked_headers
from gateway.console.incoming import PIECE_BYTES, take
from gateway.console.pace import Pace
from gateway.console.target import Side, target_of
from gateway.console.upstream import Answer, Asked, Away, Broken, Slow, Upstream
from gateway.http.bodies import Bodies
from gateway.http.errors import Refused, refused, unavailable
from gateway.http.places import Full, Places
from gateway.http.request import Request
from shared.sources import network_of
from shared.web.unfinished import never_ending

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_REPEATED = frozenset({"GET", "HEAD"})
"""What is asked again where the connection broke before anything was passed on: another console may have taken over.
Not what is only slow: the first one would be at it still, with all that it holds."""

_REPEATED_AFTER_S = (0.0, 0.2, 0.5)
"""A console that dies may take connections until the last of its processes is gone."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Passed:
    """The console's answer, as WSGI takes it. Whoever goes through `body` closes it."""

    status: str
    headers: list[tuple[str, str]]
    body: Iterable[bytes]


class Passing:
    """Passes requests on; without `upstream` there is no console. Safe to use from many threads."""

    def __init__(
        self,
        upstream: Upstream | None,
        *,
        bodies: Bodies,
        bounds: Bounds,
        counters: PassingCounters | None = None,
        unfinished: Callable[[WSGIEnvironment, int], Iterator[bytes]] = never_ending,
    ) -> None:
        self._upstream = upstream
        self._bodies = bodies
        self._body_bytes = bounds.body_bytes
        self._requests = Places(bounds.requests, bounds.requests_per_source)
        self._streams = Places(bounds.streams, bounds.streams_per_source)
        self._counters = counters or PassingCounters()
        self._unfinished = unfinished
        self._open = _OpenStreams()
        self._pace = Pace()
        self._is_away = False

    def __call__(self, side: Side, request: Request) -> Passed:
        """Return the answer as soon as it begins; raises `Refused`."""
        method, target = request.environ["REQUEST_METHOD"], target_of(request.environ)
        if target is None:
            raise refused(404, "NOT_FOUND", "There is nothing at this address.")
        if method not in METHODS:
            refusal = refused(405, "METHOD_NOT_ALLOWED", "The method is not allowed for the requested URL.")
            refusal.headers["Allow"] = ", ".join(METHODS)
            raise refusal
        body = take(request, self._bodies, self._body_bytes)
        asked = Asked(method, target, asked_headers(request.environ, side), body)
        try:
            with ExitStack() as held:
                return self._passed(side, request, asked, held)
        finally:
            if body.has_more:
                self._bodies.read_on(request)

    def in_flight(self) -> tuple[int, int]:
        """Return how many requests, and how many event streams and downloads, are passed on now."""
        return self._requests.taken, self._streams.taken

    def end_streams(self) -> None:
        """End all event streams, and each that begins from now on, so that the process can end."""
        self._open.end()

    def _passed(self, side: Side, request: Request, asked: Asked, held: ExitStack) -> Passed:
        source = network_of(request.remote_addr or "unknown")
        place = held.enter_context(ExitStack())
        self._enter(place, self._requests, "requests", source)
        begun_s = time.monotonic()
        answer, whole = self._answer(asked)
        held.callback(answer.close)
        self._counters.answered(side, answer.status, time.monotonic() - begun_s)
        if answer.is_event_stream or (whole is None and answer.is_saved):
            # Neither keeps a place from who asks for a page, nor do those who wait for the place of such.
            place.close()
            self._enter(place, self._streams, "streams", source)
        if answer.is_event_stream:
            held.enter_context(self._open.added(answer))
        status = f"{answer.status} {_phrase_of(answer.status)}"
        headers = answered_headers(answer.headers, side)
        if whole is None:
            return Passed(status, headers, _Streamed(self._pieces(request, answer), held.pop_all()))
        return Passed(status, headers, [whole])

    def _enter(self, held: ExitStack, places: Places, name: str, source: str) -> None:
        try:
            held.enter_context(places.place(source))
        except Full as error:
            self._counters.refused(name, str(error))
            raise unavailable("Too much is asked for just now. Please try again in a moment.") from error

    def _answer(self, asked: Asked) -> tuple[Answer, bytes | None]:
        if self._upstream is None:
            raise self._away("COUNTERFOIL_CONSOLE_URL is not set")
        try:
            answered = _asked_again(self._upstream, asked)
        except Away as error:
            raise self._away(str(error)) from error
        except Broken as error:
            raise self._broken(error) from error
        if self._is_away:
            self._is_away = False
            _log.info("console is back")
        return answered

    def _away(self, reason: str) -> Refused:
        self._counters.failed("away")
        if not self._is_away:
            self._is_away = True
            _log.warning("console is away", reason=reason)
        return unavailable("The console does not answer just now. Please try again in a moment.")

    def _broken(self, error: Broken) -> Refused:
        self._counters.failed("broken")
        _log.warning("console broke off", reason=str(error))
        return unavailable("The console did not answer. What was asked may have been done all the same.")

    def _pieces(self, request: Request, answer: Answer) -> Iterator[bytes]:
        sent_bytes = 0
        try:
            for piece in answer.pieces():
                yield piece
                sent_bytes += len(piece)
                self._pace.keep(len(piece))
        except Broken as error:
            if answer.is_event_stream:
                return  # nobody takes it for complete: whoever listens comes back
            self._broken(error)
        else:
            return
        if answer.length is None:  # else the server sees that it is too short
            yield from self._unfinished(request.environ, sent_bytes)


class _Streamed:
    """A body in pieces, and all that ends with it: also where nobody has begun to go through it."""

    def __init__(self, pieces: Iterator[bytes], held: ExitStack) -> None:
        self._pieces = pieces
        self._held = held

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        """End it."""
        self._held.close()


class _OpenStreams:
    """Knows the event streams that are open. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: set[Answer] = set()
        self._is_ended = False

    def added(self, answer: Answer) -> ExitStack:
        """Return what keeps a stream among them for as long as it lasts."""
        with self._lock:
            self._answers.add(answer)
            if self._is_ended:
                answer.end()
        kept = ExitStack()
        kept.callback(self._remove, answer)
        return kept

    def end(self) -> None:
        """End them all, and each that is added from now on."""
        with self._lock:
            self._is_ended = True
            for answer in self._answers:
                answer.end()

    def _remove(self, answer: Answer) -> None:
        with self._lock:
            self._answers.discard(answer)


def _asked_again(upstream: Upstream, asked: Asked) -> tuple[Answer, bytes | None]:
    """Return what `_asked_once` does, of the first try that does not break off."""
    is_repeated = asked.method in _REPEATED and not asked.body.length
    for pause_s in _REPEATED_AFTER_S if is_repeated else ():
        try:
            return _asked_once(upstream, asked)
        except Slow:
            raise
        except Broken:
            time.sleep(pause_s)
    return _asked_once(upstream, asked)


def _asked_once(upstream: Upstream, asked: Asked) -> tuple[Answer, bytes | None]:
    """Return an answer, and its whole body where that is a small one, or none."""
    answer = upstream.ask(asked)
    if answer.has_body and (answer.length is None or answer.length > PIECE_BYTES):
        return answer, None
    try:
        return answer, b"".join(answer.pieces()) if answer.has_body else b""
    except BaseException:
        answer.close()
        raise


def _phrase_of(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
