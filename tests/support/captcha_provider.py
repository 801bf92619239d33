"""Runs a local HTTP server that answers as the captcha providers document it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

from support.http_server import HttpServer

SECRET = "the-secret-of-the-provider"

Answer = tuple[int, bytes]


class Provider(HttpServer):
    """Knows one secret and, by provider, the tokens `good`, once, and `score-0.3`; all others are bad.

    Turnstile answers a question with the same `idempotency_key` as before. `breaks` makes it answer otherwise:
    `status`, `text`, `list`, `deep`, `codes`, `internal`, `redirect`, `silence`, `drip` or `drip from the start`.
    `asked` holds every question.
    """

    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, str]] = []
        self.connections = 0
        self.breaks: str | None = None
        self.spoken = threading.Event()
        self._used: dict[str, str | None] = {}

    def url(self, provider: str) -> str:
        """Return the verify address of a provider."""
        return f"http://127.0.0.1:{self.server_address[1]}/{provider}"

    def answer(self, path: str, question: dict[str, str]) -> Answer:
        """Return status and body."""
        self.asked.append(question)
        if self.breaks == "silence":
            self.spoken.wait(10)
        broken: Mapping[str | None, Answer] = {
            "status": (502, b"<html>Bad gateway</html>"),
            "text": (200, b"<html>Hello</html>"),
            "list": (200, b"[]"),
            "deep": (200, b"[" * 60_000),
            "codes": (200, b'{"error-codes": 5}'),
            "internal": (200, json.dumps({"success": False, "error-codes": ["internal-error"]}).encode()),
        }
        if self.breaks in broken:
            return broken[self.breaks]
        status, document = self._sentinel(question) if path == "/altcha" else self._siteverify(path, question)
        return status, json.dumps(document).encode()

    def _siteverify(self, path: str, question: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        if question.get("secret") != SECRET:
            return 200, {"success": False, "error-codes": ["invalid-input-secret"]}
        token, key = question["response"], question.get("idempotency_key")
        scored = token.startswith("score-")
        if not token.startswith("good") and not scored:
            return 200, {"success": False, "error-codes": ["invalid-input-response"]}
        if token in self._used and (not key or key != self._used[token]):
            code = "already-seen-response" if path == "/hcaptcha" else "timeout-or-duplicate"
            return 200, {"success": False, "error-codes": [code]}
        self._used[token] = key
        document: dict[str, Any] = {"success": True, "challenge_ts": "2026-11-22T17:03:44Z", "hostname": "example.org"}
        return 200, document | ({"score": float(token.removeprefix("score-")), "action": "submit"} if scored else {})

    def _sentinel(self, question: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        if "payload" not in question:
            return 400, {"error": "INVALID_PAYLOAD"}
        if question["payload"] == "bad-request":
            return 400, {"error": "INVALID_PAYLOAD"}
        good = question["payload"].startswith("good")
        return 200, {"verified": good, **({} if good else {"reason": "INVALID_SIGNATURE"})}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Provider

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        as_json = self.headers["Content-Type"] == "application/json"
        question = json.loads(content) if as_json else {k: v[0] for k, v in parse_qs(content.decode()).items()}
        assert as_json is (self.path == "/altcha")
        status, body = self.server.answer(self.path, question)
        if self.server.breaks == "drip from the start":
            self._drip(b"HTTP/1.1 200 OK\r\nX-Longwinded: " + b"o" * 100)
            return
        if self.server.breaks == "redirect":
            status, body = 307, b"{}"
        self.send_response(status)
        self.send_header("Location", self.server.url("hcaptcha"))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.breaks == "drip":
            self._drip(body)
        else:
            self.wfile.write(body)

    def _drip(self, content: bytes) -> None:
        for byte in content:
            self.wfile.write(bytes([byte]))
            if self.server.spoken.wait(0.3):
                break

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        pass


@contextmanager
def provider() -> Iterator[Provider]:
    """Run one."""
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.spoken.set()
        server.shutdown()
        thread.join()
        server.server_close()
