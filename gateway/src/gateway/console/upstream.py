"""Asks the console, over one connection for each request.

None is kept for the next request: one that the console closes in that moment would leave a change unknown, and each
new connection goes to whichever console its name leads to by then.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gateway.console.headers import Pairs
from gateway.console.incoming import Incoming
from gateway.console.reading import AnswerReader, Unreadable

CONNECT_S = 2.0
ANSWER_S = 30.0
"""How long the console may take until its answer begins: what may take longer than five seconds is a job there."""

SILENCE_S = 50.0
"""How long an answer may stand still; an event stream says something every 15 s."""

EARLY_S = 0.3
"""How long the rest of a large body waits for an answer to its head: a key that is none is refused by that. Else
whoever lets a body drip would keep a place of the owners' without a key."""

TICK_S = 2.0
"""How often, while nothing comes, it is looked whether whoever asked is still there."""

RECEIVE_BYTES = 128 * 1024


class Away(Exception):
    """There is no console to connect to: nothing was asked."""


class Broken(Exception):
    """The connection broke, was silent for too long, or said what is no HTTP: what was asked may have been done."""


class Slow(Broken):
    """It did not answer in time: it may still be at it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the console is asked. Headers may hold keys: they are not shown."""

    method: str
    target: bytes = field(repr=False)
    headers: Pairs = field(repr=False)
    body: Incoming = field(repr=False)


class Upstream:
    """Asks the console at a URL such as `http://console:8090`. Safe to use from many threads."""

    def __init__(self, url: str, *, answer_s: float = ANSWER_S, silence_s: float = SILENCE_S) -> None:
        parts = urlsplit(url)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._name = parts.netloc.encode("ascii")
        self._answer_s = answer_s
        self._silence_s = silence_s

    def ask(self, asked: Asked) -> Answer:
        """Return the answer as soon as its headers are there; it has to be closed.

        Raises `Away`, `Broken`, `Slow`, and `Refused` where the request's own body breaks off.
        """
        connection = self._connected()
        try:
            connection.settimeout(self._answer_s)
            reader = AnswerReader(has_body=asked.method != "HEAD")
            answer = Answer(connection, reader, self._silence_s)
            self._send(asked, answer)
            answer.await_head(time.monotonic() + self._answer_s)
        except BaseException as error:
            connection.close()
            if isinstance(error, TimeoutError):
                raise Slow("no answer in time") from error
            if isinstance(error, OSError | Unreadable):
                raise Broken(_reason_of(error)) from error
            raise
        return answer

    def _connected(self) -> socket.socket:
        try:
            connection = socket.create_connection((self._host, self._port), CONNECT_S)
        except OSError as error:
            raise Away(type(error).__name__) from error
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._tls.wrap_socket(connection, server_hostname=self._host) if self._tls else connection
        except OSError as error:
            connection.close()
            raise Away(type(error).__name__) from error

    def _send(self, asked: Asked, answer: Answer) -> None:
        """Send a request; an answer that comes before its end, as to a body that is too large, ends the sending."""
        head = [b"%s %s HTTP/1.1" % (asked.method.encode("ascii"), asked.target), b"host: " + self._name]
        head += [b"%s: %s" % pair for pair in asked.headers]
        if asked.body.length or asked.method in {"POST", "PUT", "PATCH"}:
            head.append(b"content-length: %d" % asked.body.length)
        pieces = asked.body.pieces()
        first = b"\r\n".join([*head, b"connection: close", b"", next(pieces, b"")])
        if not answer.send(first) or (asked.body.has_more and answer.has_begun(EARLY_S)):
            return
        for piece in pieces:
            if not answer.send(piece):
                return


class Answer:
    """An answer of the console, whose body is still to come."""

    def __init__(self, connection: socket.socket, reader: AnswerReader, silence_s: float) -> None:
        self._connection = connection
        self._reader = reader
        self._silence_s = silence_s
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)

    @property
    def status(self) -> int:
        """Its status."""
        return self._reader.status

    @property
    def headers(self) -> Pairs:
        """Its headers, as they came."""
        return self._reader.headers

    @property
    def length(self) -> int | None:
        """How many bytes its body has, where that is said."""
        return self._reader.length

    @property
    def has_body(self) -> bool:
        """Whether anything follows the headers."""
        return not self._reader.is_bare

    @property
    def is_event_stream(self) -> bool:
        """Whether it says what happens for as long as somebody listens."""
        return self._reader.kind == b"text/event-stream"

    @property
    def is_saved(self) -> bool:
        """Whether it is a file that a reader saves, slowly perhaps."""
        return self._reader.is_saved

    def has_begun(self, within_s: float = 0) -> bool:
        """Say whether something of it comes within some time."""
        until_s = time.monotonic() + within_s
        while self._poll.poll(max(0.0, until_s - time.monotonic()) * 1000):
            if self._is_of_it():
                return True
        return False

    def send(self, data: bytes) -> bool:
        """Send a part of the request; False where the console has answered already, and takes no more."""
        if self.has_begun():
            return False
        try:
            self._connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False  # it may have said why before
        return True

    def await_head(self, until_s: float) -> None:
        """Wait for the status and the headers; raises OSError and `Unreadable`."""
        while not self._reader.has_head:
            self._connection.settimeout(max(0.001, until_s - time.monotonic()))
            self._reader.feed(self._connection.recv(RECEIVE_BYTES))

    def pieces(self) -> Iterator[bytes]:
        """Return the body in pieces as they come, and an empty one whenever none came for a moment.

        Raises `Broken` where it ends before its end.
        """
        quiet_s = 0.0
        while True:
            if piece := self._reader.take():
                quiet_s = 0.0
                yield piece
            if self._reader.is_complete:
                return
            if self._has_more():
                self._receive()
                continue
            quiet_s += TICK_S
            if quiet_s >= self._silence_s:
                raise Slow("silent")
            yield b""

    def end(self) -> None:
        """End the answer from another thread: its pieces break off."""
        with suppress(OSError):  # it was closed
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let the console know that nobody wants the rest."""
        self._connection.close()

    def _is_of_it(self) -> bool:
        """Say whether what has come is of the answer: with TLS 1.3 a server sends tickets before anything is asked."""
        if not isinstance(self._connection, ssl.SSLSocket):
            return True
        usual_s = self._connection.gettimeout()
        self._connection.settimeout(0)
        try:
            self._reader.feed(self._connection.recv(RECEIVE_BYTES))
        except ssl.SSLWantReadError:
            return False
        finally:
            self._connection.settimeout(usual_s)
        return True

    def _has_more(self) -> bool:
        pending = self._connection.pending() if isinstance(self._connection, ssl.SSLSocket) else 0
        return bool(pending or self._poll.poll(TICK_S * 1000))

    def _receive(self) -> None:
        try:
            self._connection.settimeout(self._silence_s)
            self._reader.feed(self._connection.recv(RECEIVE_BYTES))
        except (OSError, Unreadable) as error:
            raise Broken(_reason_of(error)) from error


def _reason_of(error: Exception) -> str:
    return str(error) if isinstance(error, Unreadable) else type(error).__name__
