"""Runs an HTTP server in place of an installation, for answers that a good one never gives."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from support.http_server import HttpServer
from support.smtp import CERTIFICATE


@dataclass(frozen=True)
class Given:
    """One answer. `cut` ends the connection before all of the body; `stalls` keeps it, and sends no more.

    Without `is_sized` the body comes in chunks.
    """

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    is_sized: bool = True
    cut: bool = False
    stalls: bool = False


def a_page(*submissions: dict[str, Any], cursor: str | None = None, is_last: bool = True) -> Given:
    """Return a page of submissions."""
    document = {"submissions": submissions, "next_cursor": cursor, "previous_cursor": None, "is_last": is_last}
    return Given(json.dumps(document).encode())


def a_problem(status: int, detail: str, **more: Any) -> Given:
    """Return a refusal."""
    document = {"title": "Refused", "status": status, "detail": detail, **more}
    return Given(json.dumps(document).encode(), status, {"Content-Type": "application/problem+json"})


Answering = Callable[[str], Given]
"""Returns the answer to a path with its query."""


class OddApi:
    """Answers every request as `answering` says, and keeps the path and the headers of each."""

    def __init__(self, answering: Answering, *, port: int = 0, tls: bool = False) -> None:
        self.answering = answering
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._port = port
        self._tls = tls
        self.ending = threading.Event()

    @property
    def url(self) -> str:
        """Its address."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> OddApi:
        handler = type("Handler", (_Handler,), {"api": self})
        self._server = HttpServer(("127.0.0.1", self._port), handler)
        if self._tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(CERTIFICATE)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: OddApi

    def do_GET(self) -> None:
        self.api.asked.append((self.path, dict(self.headers.items())))
        given = self.api.answering(self.path)
        self.send_response(given.status)
        for name, value in given.headers.items():
            self.send_header(name, value)
        if given.is_sized:
            self.send_header("Content-Length", str(len(given.body) + given.cut))
        else:
            self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()
        self._write(given)
        if given.stalls:
            self.wfile.flush()
            self.api.ending.wait(60)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def _write(self, given: Given) -> None:
        if given.is_sized:
            self.wfile.write(given.body)
            return
        self.wfile.write(f"{len(given.body):x}\r\n".encode() + given.body + b"\r\n")
        if not (given.cut or given.stalls):
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the handler's own
        pass
