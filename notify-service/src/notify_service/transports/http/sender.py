"""Sends requests over HTTP, with a breaker for each endpoint, of which none has all connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

from notify_service.transports.failures import SendFailure, Transient
from notify_service.transports.http.answers import failure_of
from notify_service.transports.http.connection import Answer, NoAnswer
from notify_service.transports.http.endpoints import Endpoint
from shared.messaging.failures import RetryLater
from shared.public_addresses import Refused

CALLS_MOST = 2
"""How many calls to one endpoint are under way at once: one less than there are connections."""

BUSY_AFTER_S = 30.0

ENDPOINTS_MOST = 1000
"""How many endpoints are remembered: beyond that, those that are idle are forgotten. Hooks come and go."""

_BUSY = "its endpoint is slow, and has all the calls it may have"
_RESTING = "its endpoint failed too often, and rests before the next try"


Reader: TypeAlias = Callable[[Answer, datetime], SendFailure | None]
"""Says what an answer means, and until when to wait from now; None is success."""


def by_status(answer: Answer, now: datetime) -> SendFailure | None:
    """Return what the status of an answer means; see `failure_of`."""
    return failure_of(answer.status, answer.retry_after, now)


@dataclass(frozen=True, slots=True)
class Request:
    """One POST, and who reads the answer to it. Its address, headers and body may be secret: they are not shown."""

    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    read: Reader = by_status


class Caller(Protocol):
    """Sends requests."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> Answer:
        """Post the body and return the answer, within the time given and writing nothing after it.

        Raises `Refused` before anything is sent, else `NoAnswer`, after which the endpoint may have taken it.
        """


class HttpSender:
    """`transport.Transport` over HTTP. Safe to use from many threads. `clock` tells how long a date is away."""

    def __init__(
        self,
        caller: Caller,
        clock: Callable[[], datetime],
        ticks_s: Callable[[], float] = time.monotonic,
        *,
        calls_most: int = CALLS_MOST,
    ) -> None:
        self._caller = caller
        self._clock = clock
        self._ticks_s = ticks_s
        self._calls_most = calls_most
        self._lock = threading.Lock()
        self._endpoints: dict[str, Endpoint] = {}

    @contextmanager
    def turn(self, endpoint: str | None) -> Iterator[str | None]:
        """Have a turn at an endpoint; see `transport.Transport`."""
        if endpoint is None:
            yield None
            return
        found = self._endpoint_of(endpoint)
        if found.breaker.is_resting:
            yield _RESTING
            return
        begun_s = found.enter()
        if begun_s is None:
            raise RetryLater(_BUSY, after_s=BUSY_AFTER_S)
        try:
            yield None if found.breaker.admits() else _RESTING
        finally:
            found.leave(begun_s)

    def send(self, letter: Request, *, timeout_s: float) -> str:
        """Send one request, and return the status; see `transport.Transport`.

        No answer is `Transient`: it may have arrived.
        """
        breaker = self._endpoint_of(letter.url).breaker
        try:
            answer = self._send(letter, timeout_s)
        except NoAnswer as error:
            breaker.failed(overtime=error.overtime)
            raise Transient(str(error), tells_of_channel=True) from None
        except SendFailure as error:
            (breaker.failed if error.tells_of_channel else breaker.succeeded)()
            raise
        (breaker.failed if answer.overtime else breaker.succeeded)()
        return f"status {answer.status}"

    def resting(self, urls: Collection[str]) -> int:
        """Return how many of these endpoints failed so often that they rest; one that no form has is not tried any
        more, and would rest for ever."""
        with self._lock:
            return sum(one.breaker.is_open for url, one in self._endpoints.items() if url in urls)

    def _send(self, letter: Request, timeout_s: float) -> Answer:
        """Send it, and return the answer, where that is a success."""
        try:
            answer = self._caller.post(letter.url, letter.body, letter.headers, timeout_s=timeout_s)
        except Refused as error:
            raise Transient(str(error), tells_of_channel=True) from None
        failure = letter.read(answer, self._clock())
        if failure is not None:
            raise failure
        return answer

    def _endpoint_of(self, url: str) -> Endpoint:
        with self._lock:
            if url not in self._endpoints and len(self._endpoints) >= ENDPOINTS_MOST:
                self._endpoints = {other: one for other, one in self._endpoints.items() if not one.is_idle}
            return self._endpoints.setdefault(url, Endpoint(self._calls_most, self._ticks_s))
