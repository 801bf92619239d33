"""Serves `/livez`, `/readyz` and `/metrics` by HTTP, on an address for operators alone."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from shared.settings import SettingsError, host_and_port
from shared.telemetry.health import Health, Report

REQUEST_TIMEOUT_S = 10.0


class Listener:
    """Serves one process's health and metrics until closed, from threads of its own."""

    def __init__(self, bind: str, health: Health, registry: CollectorRegistry) -> None:
        """Listen at `host:port`; raises `SettingsError` where that is not possible."""
        handler = type("_Handler", (_Handler,), {"health": health, "registry": registry})
        try:
            self._server = _server_class(bind)(host_and_port(bind), handler)
        except OSError as error:
            reason = error.strerror or str(error)
            raise SettingsError(f"COUNTERFOIL_METRICS_BIND: cannot listen at {bind}: {reason}") from error
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def let_go(self) -> None:
        """Close the socket in a forked child, where no thread serves it and it would keep the address."""
        self._server.socket.close()


class _Server(ThreadingHTTPServer):
    server_bind = socketserver.TCPServer.server_bind  # without looking up the host's name, which may take seconds


class _ServerOnIpv6(_Server):
    address_family = socket.AF_INET6


def _server_class(bind: str) -> type[_Server]:
    return _ServerOnIpv6 if bind.startswith("[") else _Server


class _Handler(BaseHTTPRequestHandler):
    timeout = REQUEST_TIMEOUT_S
    server_version = "Counterfoil"
    sys_version = ""
    health: Health
    registry: CollectorRegistry

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/livez":
            self._answer_report(self.health.live(), "stuck")
        elif path == "/readyz":
            self._answer_report(self.health.ready(), "missing")
        elif path == "/metrics":
            encode, kind = choose_encoder(self.headers.get("Accept") or "")
            self._answer(200, kind, encode(self.registry))
        else:
            self._answer(404, "text/plain", b"/livez, /readyz and /metrics are here\n")

    do_HEAD = do_GET  # noqa: N815 - as http.server names it

    def _answer_report(self, report: Report, name: str) -> None:
        document = {"ok": report.ok, name: [*report.problems]}
        self._answer(200 if report.ok else 503, "application/json", json.dumps(document).encode() + b"\n")

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
        """Say nothing: probes come every few seconds."""


@contextmanager
def listening(bind: str | None, health: Health, registry: CollectorRegistry) -> Iterator[None]:
    """Serve health and metrics inside the `with`; nothing where `bind` is None. Raises as `Listener`."""
    listener = Listener(bind, health, registry) if bind else None
    try:
        yield
    finally:
        if listener is not None:
            listener.close()
