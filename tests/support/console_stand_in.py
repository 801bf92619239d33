"""Stands in for the console: a real HTTP server that answers as a test says, also as none should."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import BinaryIO, TypeAlias

from dev.processes import free_port
from support.smtp import CERTIFICATE


@dataclass
class Heard:
    """One request as it came, header by header, and the connection that it came by."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    connection: socket.socket
    stream: BinaryIO
    body: bytes = b""
    sent: threading.Event = field(default_factory=threading.Event)

    def header(self, name: str) -> list[str]:
        """Return the values of all headers of a name, in any case."""
        return [value for each, value in self.headers if each.lower() == name.lower()]

    def say(self, data: bytes) -> None:
        """Send some bytes of the answer."""
        self.connection.sendall(data)

    def is_left(self, within_s: float = 10) -> bool:
        """Say whether the other side goes away within some time."""
        self.connection.settimeout(within_s)
        try:
            return self.connection.recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def reset(self) -> None:
        """Break the connection off as a process that is killed."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


Answer: TypeAlias = Callable[[Heard], None]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def fixed(answer: bytes) -> Answer:
    """Return what answers with these bytes."""
    return lambda heard: heard.say(answer)


def chunk(data: bytes) -> bytes:
    """Return a chunk of a body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"


class StandIn:
    """Answers by the path of a target: the answer of the longest beginning in `answers`, else an empty object.

    `reads_bodies` is false for one that answers before the body has come.
    """

    def __init__(self, port: int | None = None, *, tls: bool = False) -> None:
        self.port = port or free_port()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if tls else None
        if self._tls:
            self._tls.load_cert_chain(CERTIFICATE)
        self.answers: dict[str, Answer] = {}
        self.heard: list[Heard] = []
        self.reads_bodies = True

    def begin_anew(self) -> None:
        """Forget what was heard, and answer as at first."""
        self.answers.clear()
        self.heard.clear()
        self.reads_bodies = True

    def start(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=512)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def __enter__(self) -> StandIn:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):
            self.stop()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        connection = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
        with connection, connection.makefile("rb") as stream, suppress(OSError):
            line = stream.readline().decode("latin-1")
            if not line:
                return
            method, target, _ = line.split(" ")
            headers = []
            while (text := stream.readline().decode("latin-1").strip()) != "":
                name, _, value = text.partition(":")
                headers.append((name, value.strip()))
            heard = Heard(method, target, headers, connection, stream)
            if self.reads_bodies:
                heard.body = stream.read(int((heard.header("Content-Length") or ["0"])[0]))
            self.heard.append(heard)
            found = max((each for each in self.answers if target.startswith(each)), key=len, default=None)
            (self.answers[found] if found else fixed(OK))(heard)
            heard.sent.set()
