"""A service of chats on loopback: keeps what it takes, refuses what the real one refuses, and complains of the rest."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support.http_server import HttpServer
from support.smtp import CERTIFICATE


@dataclass(frozen=True)
class Asked:
    """One request; header names are in lower case. `document` is its JSON, None where it has none."""

    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    document: Any


@dataclass(frozen=True)
class Reply:
    """One answer; a body that is no text is sent as JSON."""

    status: int
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class StandIn:
    """Subclasses say what they answer. `said` is what people would see, message by message.

    `complaints` are what the real service would take without a word and should not have been sent: leaving the
    context fails with them. `replies` are answered first, one after the other, instead of the service's own.
    """

    def __init__(self, *, tls: bool = False) -> None:
        self.tls = tls
        self.said: list[str] = []
        self.asked: list[Asked] = []
        self.complaints: list[str] = []
        self.replies: list[Reply] = []
        self._port = 9
        self._busy_for_s = 0.0
        self._busy_until_s: float | None = None

    def answer(self, asked: Asked) -> Reply:
        """Answer one request as the service does."""
        raise NotImplementedError

    def too_many(self, left_s: float) -> Reply:
        """Answer that there are too many requests."""
        raise NotImplementedError

    def be_busy(self, for_s: float) -> None:
        """Answer so for a while, from the first request on, and complain of whoever was told and comes too early."""
        self._busy_for_s, self._busy_until_s = for_s, None

    def complain(self, of: str) -> None:
        """Note what the service would take and should not have got."""
        self.complaints.append(of)

    def base(self, host: str = "127.0.0.1") -> str:
        """Return where it is; before it has started, where nobody is."""
        return f"{'https' if self.tls else 'http'}://{host}:{self._port}"

    def replied(self, asked: Asked) -> Reply:
        """Answer one request, with what a test wants first."""
        self.asked.append(asked)
        if self.replies:
            return self.replies.pop(0)
        if self._busy_for_s and self._busy_until_s is None:
            self._busy_until_s = time.monotonic() + self._busy_for_s
            return self.too_many(self._busy_for_s)
        left_s = (self._busy_until_s or 0.0) - time.monotonic()
        if left_s > 0:
            self.complain("it came again before the time it was told")
            return self.too_many(left_s)
        return self.answer(asked)

    def __enter__(self) -> Any:
        self._server = HttpServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"service": self}))
        self._port = int(self._server.server_address[1])
        if self.tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(CERTIFICATE)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        assert self.complaints == [] or error, f"{type(self).__name__}: {self.complaints}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: StandIn

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        parts = urlsplit(self.path)
        try:
            document = json.loads(content.decode()) if "application/json" in headers.get("content-type", "") else None
        except ValueError:
            document = None
        reply = self.service.replied(Asked(parts.path, parse_qs(parts.query), headers, document))
        body = reply.body.encode() if isinstance(reply.body, str) else json.dumps(reply.body).encode()
        self.close_connection = True
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        pass


def utf16_length(text: str) -> int:
    """Return how many code units a text has in UTF-16."""
    return len(text.encode("utf-16-le")) // 2
