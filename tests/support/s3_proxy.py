"""A proxy in front of an S3 server that lets a test break it: answers of 5xx, silence, closed connections."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from support.http_server import HttpServer

Breaks = Callable[[str, str], str | None]
"""Given method and path, it says what becomes of a request: `hang`, `cut`, a status such as `503`, or None."""


class S3Proxy(HttpServer):
    """Passes requests on to the server on `port`, except for those that `breaks` names. `asked` has all of them."""

    request_queue_size = 128

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port = port
        self.breaks: Breaks = lambda _method, _path: None
        self.asked: list[str] = []
        self.ended = threading.Event()

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def always(self, what: str | None) -> None:
        """Do this with each request from now on."""
        self.breaks = lambda _method, _path: what

    def times(self, count: int, what: str) -> None:
        """Do this with the next `count` requests."""
        left = iter([what] * count)
        self.breaks = lambda _method, _path: next(left, None)


class _Handler(BaseHTTPRequestHandler):
    server: S3Proxy
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(f"{self.command} {self.path}")
        what = self.server.breaks(self.command, self.path)
        if what == "hang":
            self.server.ended.wait(60)
        if what in ("hang", "cut"):
            self.close_connection = True
        elif what:
            code = {"507": "XMinioStorageFull"}.get(what, "SlowDown")
            self._answer(int(what), [], f"<Error><Code>{code}</Code></Error>".encode())
        else:
            self._answer(*self._asked_of_server(body))

    def _asked_of_server(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        size = dict(headers).get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
        self.send_header("Content-Length", size)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def in_front_of(port: int) -> Iterator[S3Proxy]:
    """Run a proxy in front of the S3 server on this port."""
    with S3Proxy(port) as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield proxy
        finally:
            proxy.ended.set()
            proxy.shutdown()
