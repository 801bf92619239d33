"""One HTTP request to an address that was checked, with one deadline over all of it.

By `http.client`, whose `connect` may be replaced: who finds the address, checks it, and connects to that very one
leaves no time for a name that resolves to another (DNS rebinding). It follows no redirect and asks no proxy.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

from shared.public_addresses import Found, Guard, Network

BODY_BYTES = 64 * 1024
BODY_S = 1.0
"""How much of an answer's body is read, and for how long: whoever is cut off in mid-answer may undo its work."""

_CONNECT_S = 5.0
_INTERIM_MOST = 20


class NoAnswer(Exception):
    """There was no answer in time; the text is a class of failure, and `overtime` says that all the time was used."""

    def __init__(self, reason: str, *, overtime: bool = False) -> None:
        super().__init__(reason)
        self.overtime = overtime


class _HasDeadline(Protocol):
    deadline_s: float

    def settimeout(self, value: float | None, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answered. `retry_after` is that header as it came.

    `overtime` says that its body was not there a second later. `body` is the beginning of it, `BODY_BYTES` at most;
    empty where it broke off.
    """

    status: int
    retry_after: str | None
    overtime: bool = False
    body: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class GuardedCaller:
    """`webhook_sender.Caller` to addresses that were checked. Safe to use from many threads.

    `allowed` are networks that may be reached though they are not public, and without TLS. `tls` has to have been made
    by `tls_context`. `resolve` finds a name's addresses, once for each request.
    """

    tls: ssl.SSLContext
    allowed: Sequence[Network] = ()
    resolve: Callable[..., Sequence[Found]] = socket.getaddrinfo

    @property
    def guard(self) -> Guard:
        """What says which addresses may be connected to."""
        return Guard(self.allowed, self.resolve)

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> Answer:
        """Post one body; see `webhook_sender.Caller`."""
        parts = urlsplit(url)
        connection = _Connection(self, parts.scheme == "https", parts.hostname or "", parts.port, timeout_s)
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        try:
            connection.request("POST", target, body, {**headers, "Connection": "close"})
            return connection.answer()
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise NoAnswer(f"no answer ({type(error).__name__})", overtime=isinstance(error, TimeoutError)) from None
        finally:
            connection.close()


class _Response(http.client.HTTPResponse):
    """An answer, of which every interim one before it (1xx) is read over: the library itself knows of 100 alone."""

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(_INTERIM_MOST):
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200 or status == HTTPStatus.SWITCHING_PROTOCOLS:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise http.client.BadStatusLine("nothing but interim answers")

    def _read_next_chunk_size(self) -> int:
        """Return the size of a chunk. A negative one, which the library takes for one without end, is none."""
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise ValueError(size)
        return size


class _Connection(http.client.HTTPConnection):
    """A connection that is made for one request."""

    response_class = _Response

    def __init__(self, caller: GuardedCaller, is_secure: bool, host: str, port: int | None, timeout_s: float) -> None:  # noqa: FBT001 - private, and called in one place
        self.default_port = http.client.HTTPS_PORT if is_secure else http.client.HTTP_PORT
        super().__init__(host, port or self.default_port)
        self._caller = caller
        self._is_secure = is_secure
        self._deadline_s = time.monotonic() + timeout_s

    def answer(self) -> Answer:
        """Return the answer as soon as it is decided, and its body read as far as it is."""
        timed: _HasDeadline = self.sock  # type: ignore[assignment]  # one of the two below
        response = self.getresponse()
        timed.deadline_s = min(self._deadline_s, time.monotonic() + BODY_S)
        overtime, body = False, b""
        try:
            body = response.read(BODY_BYTES)
        except TimeoutError:
            overtime = True
        except (OSError, http.client.HTTPException):
            pass  # it broke off
        return Answer(response.status, response.getheader("Retry-After"), overtime, body)

    def connect(self) -> None:
        """Find the addresses of the host, and connect to the first that answers among those that may be reached."""
        reachable = self._caller.guard.reachable(self.host, self.port, has_tls=self._is_secure)
        plain = _connected(reachable, self._deadline_s)
        try:
            self.sock = self._secured(plain) if self._is_secure else plain
        except BaseException:
            plain.close()
            raise

    def _secured(self, plain: _PlainSocket) -> ssl.SSLSocket:
        plain.settimeout(_left_s(self._deadline_s))
        secured = self._caller.tls.wrap_socket(plain, server_hostname=self.host)
        secured.deadline_s = self._deadline_s  # type: ignore[attr-defined]  # of the context's own class
        return secured


class _WithinDeadline:
    """A socket that waits for nothing beyond its deadline: its own timeout starts anew with every byte."""

    deadline_s = 0.0

    def recv_into(self: _HasDeadline, *arguments: Any) -> int:
        """Receive within the deadline."""
        self.settimeout(_left_s(self.deadline_s))
        return super().recv_into(*arguments)  # type: ignore[misc, no-any-return]

    def send(self: _HasDeadline, *arguments: Any) -> int:
        """Send within the deadline."""
        self.settimeout(_left_s(self.deadline_s))
        return super().send(*arguments)  # type: ignore[misc, no-any-return]


class _PlainSocket(_WithinDeadline, socket.socket):
    def sendall(self, *arguments: Any) -> None:
        """Send all of it within the deadline."""
        self.settimeout(_left_s(self.deadline_s))
        super().sendall(*arguments)


class _TlsSocket(_WithinDeadline, ssl.SSLSocket):
    """Its `sendall` goes by `send`."""


def tls_context() -> ssl.SSLContext:
    """Return what certificates are verified by: the system's authorities."""
    context = ssl.create_default_context()
    context.sslsocket_class = _TlsSocket
    return context


def _connected(found: Sequence[tuple[Any, ...]], deadline_s: float) -> _PlainSocket:
    failure: OSError = TimeoutError("out of time")
    for family, kind, protocol, _, address in found:
        plain = _PlainSocket(family, kind, protocol)
        plain.deadline_s = deadline_s
        try:
            plain.settimeout(min(_CONNECT_S, _left_s(deadline_s)))
            plain.connect(address)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            plain.close()
            failure = error
        else:
            return plain
    raise failure


def _left_s(deadline_s: float) -> float:
    left_s = deadline_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError("out of time")
    return left_s
