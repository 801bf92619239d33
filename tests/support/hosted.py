"""Serves a gateway, or any other application in this process, to a browser: for tests of its pages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from support.gateway_app import Gateway, a_gateway


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing: what went wrong is the test's to say."""


@contextmanager
def hosted(directory: Path, **given: Any) -> Iterator[tuple[Gateway, str]]:
    """Serve a gateway on loopback; `given` is `a_gateway`'s. The gateway, and its address without a slash."""
    gateway = a_gateway(directory, **given)
    with served(gateway.app, end=gateway.app.end_streams) as url:
        yield gateway, url


@contextmanager
def served(app: Flask, *, end: Callable[[], None] = lambda: None) -> Iterator[str]:
    """Serve an application on loopback, and lend its address without a slash; `end` ends its streams."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined] # an event stream ends with its page
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        end()
        server.shutdown()
        thread.join(5)
        server.server_close()
