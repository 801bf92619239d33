"""Runs an HTTP server that receives webhooks and answers as a test tells it to."""

from __future__ import annotations

import ssl
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any

from support.http_server import HttpServer
from support.smtp import CERTIFICATE

ENDLESS = 10**9


@dataclass(frozen=True)
class Received:
    """One webhook as it came; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Keeps what it receives. `answers` maps a path to a status, or to one of these ways to misbehave:

    `hang` answers nothing, `late` a 204 when it is let go; `drip` a header that never ends; `drip body` likewise;
    `stall` one byte of a long body; `drop` closes after the request; `huge` a body without end; `redirect` leads to
    /elsewhere; bytes are answered as they are. `headers` go with every other answer.
    """

    tls: bool = False
    answers: dict[str, int | str | bytes] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    under_way: Counter[str] = field(default_factory=Counter)
    let_go: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        """Return the address of one endpoint."""
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def at(self, path: str) -> list[Received]:
        """Return what one endpoint received."""
        return [one for one in list(self.received) if one.path == path]

    def __enter__(self) -> Receiver:
        self._server = HttpServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"receiver": self}))
        if self.tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(CERTIFICATE)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiver.under_way[self.path] += 1
        self.receiver.received.append(Received(self.path, headers, content))
        self.close_connection = True
        try:
            self._answer(self.receiver.answers.get(self.path, 204))
        except OSError:  # the other side has left
            pass
        finally:
            self.receiver.under_way[self.path] -= 1

    def _answer(self, answer: int | str | bytes) -> None:
        if answer == "hang":
            self.receiver.let_go.wait(60)
        elif answer == "late":
            self.receiver.let_go.wait()
            self._begin(204, 0)
        elif answer == "drip":
            self._drip(b"HTTP/1.1 200 OK\r\nX-Longwinded: ")
        elif answer == "drop":
            return
        elif isinstance(answer, int):
            self._begin(answer, 0)
        elif isinstance(answer, bytes):
            self.wfile.write(answer)
        elif answer == "stall":
            self._begin(200, 100_000)
            self.wfile.write(b"o")
            self.receiver.let_go.wait(60)
        elif answer == "redirect":
            self._begin(307, 0, Location=self.receiver.url("/elsewhere"))
        else:
            self._begin(200, ENDLESS)
            self._drip(b"") if answer == "drip body" else self._pour()

    def _begin(self, status: int, length: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(length), **self.receiver.headers, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _drip(self, start: bytes) -> None:
        self.wfile.write(start)
        while not self.receiver.let_go.wait(0.05):
            self.wfile.write(b"o")

    def _pour(self) -> None:
        while not self.receiver.let_go.is_set():
            self.wfile.write(b"o" * 65536)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        pass
