"""Serves a static site on an origin of its own: the page of somebody who posts to Counterfoil."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType

from dev.processes import free_port
from support.http_server import HttpServer

_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


class Site:
    """Serves pages that are put on it, and files below `folder`. Its origin is not the gateway's: another host."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pages: dict[str, tuple[bytes, dict[str, str]]] = {}
        self._port = free_port()
        self._server = HttpServer(("127.0.0.1", self._port), self._handler())

    @property
    def origin(self) -> str:
        """The origin of its pages."""
        return f"http://localhost:{self._port}"

    def put(self, path: str, text: str, headers: dict[str, str] | None = None) -> str:
        """Put a page or a script at a path and return its address."""
        self._pages[path] = (text.encode(), headers or {})
        return f"{self.origin}{path}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                found = site._find(path)
                body, headers = found or (b"", {})
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", _TYPES.get(Path(path).suffix, "text/html; charset=utf-8"))
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as its parent names it
                pass

        return Handler

    def _find(self, path: str) -> tuple[bytes, dict[str, str]] | None:
        if path in self._pages:
            return self._pages[path]
        file = (self._folder / path.lstrip("/")).resolve()
        return (file.read_bytes(), {}) if file.is_relative_to(self._folder) and file.is_file() else None

    def __enter__(self) -> Site:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
