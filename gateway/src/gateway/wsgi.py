"""The WSGI server: gunicorn with gevent workers, so that an open event stream costs a greenlet, not a thread.

Chosen by measuring: see docs/decisions/0002-wsgi-server.md.
"""

from __future__ import annotations

import logging
import resource
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import gevent
from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.http.message import Request
from gunicorn.workers.ggevent import GeventWorker

from gateway.app import GatewayApp, create_app
from gateway.settings import Settings
from shared import forms
from shared.messaging.rabbitmq import RabbitMQ

CONNECTIONS_MOST = 8192
DRAIN_S = 10
KEEPALIVE_S = 15
SOCKET_TIMEOUT_S = 30.0


class Server(BaseApplication):
    """Serves a gateway until SIGTERM or SIGINT."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn what it needs to know."""
        options = {
            "bind": [self._settings.bind],
            "workers": self._settings.workers,
            "worker_class": f"{Worker.__module__}.{Worker.__qualname__}",
            "worker_connections": CONNECTIONS_MOST,
            "graceful_timeout": DRAIN_S,
            "keepalive": KEEPALIVE_S,
            "logger_class": Log,
            "loglevel": self._settings.log_level,
            "secure_scheme_headers": {},  # who may say so is a matter of COUNTERFOIL_TRUSTED_HOPS alone
            "pre_request": _close_after_oversize(self._settings.max_body_bytes),
            "worker_exit": _close_app,
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Build the application of one worker, after the fork: connections are never shared."""
        broker = RabbitMQ(self._settings.broker_url, name="gateway")
        return create_app(self._settings, forms.load(self._settings.forms), broker)


class Worker(GeventWorker):
    """A worker that ends its event streams when told to stop, and waits for no silent client for ever."""

    wsgi: Any

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop accepting, and let what is in hand finish."""
        super().handle_exit(sig, frame)
        gevent.spawn(_end_streams, self)  # not here: what a signal interrupts may hold the lock that this takes

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """Stop at once."""
        gevent.spawn(_end_streams, self)
        super().handle_quit(sig, frame)

    def handle_request(self, listener_name: Any, req: Request, sock: socket.socket, addr: Any) -> bool:
        """Serve one request: a client that stops reading or sending is given up (slow headers end by keepalive)."""
        gevent.sleep(0)  # let the others go first: a busy client's next request is always there already
        sock.settimeout(SOCKET_TIMEOUT_S)
        return super().handle_request(listener_name, req, sock, addr)


class Log(Logger):
    """gunicorn's log through ours: same lines, same format, no access log."""

    def setup(self, cfg: Config) -> None:
        """Leave the handlers to the root logger."""
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING if cfg.loglevel == "info" else cfg.loglevel.upper())
        self.access_log.disabled = True


def serve(settings: Settings) -> None:
    """Serve until told to stop; then exit 0."""
    _raise_file_limit()
    Server(settings).run()


def _end_streams(worker: Worker) -> None:
    if isinstance(worker.wsgi, GatewayApp):
        worker.wsgi.end_streams()


def _close_app(_arbiter: object, worker: Worker) -> None:
    if isinstance(worker.wsgi, GatewayApp):
        worker.wsgi.close()


def _close_after_oversize(limit_bytes: int) -> Callable[[Worker, Request], None]:
    """Return a hook that closes a connection after a body that is too large, or whose length nobody said."""

    def look(_worker: Worker, req: Request) -> None:
        for name, value in req.headers:
            too_long = name == "CONTENT-LENGTH" and int(value) > limit_bytes
            if too_long or name == "TRANSFER-ENCODING":
                req.force_close()

    return look


def _raise_file_limit() -> None:
    """Let a worker hold as many connections as it is allowed to: the usual soft limit is 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS_MOST if hard == resource.RLIM_INFINITY else min(hard, 2 * CONNECTIONS_MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
