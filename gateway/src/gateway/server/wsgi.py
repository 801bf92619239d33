"""Runs the WSGI server granian: its threads take requests, and it holds the sockets outside of Python.

Chosen by measuring: see docs/decisions/0002-wsgi-server.md.
"""

from __future__ import annotations

import resource
import socket

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from gateway.http.bodies import BODIES_MOST
from gateway.receipts.watchers import WATCHERS_MOST
from gateway.server import telemetry
from gateway.server.forms_file import place_for_kept_forms
from gateway.server.worker import build
from gateway.settings import Settings
from shared.settings import host_and_port

REQUESTS_MOST = WATCHERS_MOST + BODIES_MOST + 280
"""How many requests a worker works on at once, each in a thread that lives while it is needed: all who watch a receipt,
all whose body is on its way and, however many those are, the others."""

CONNECTIONS_MOST = 4096
"""How many connections a worker holds, most of which ask for nothing just now; beyond it they wait to be accepted."""

FILES_SPARE = 200
"""How many files a worker has for all else, where the machine allows it few."""

BACKLOG = 2048
DRAIN_S = 10
HEADERS_TIMEOUT_MS = 10_000
IDLE_THREAD_S = 30

TARGET = f"{build.__module__}:{build.__name__}"
"""What builds a worker's application. It is imported here, before the workers are forked, to be shared by them."""

_LOGGERS = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"_granian": {"level": "ERROR", "propagate": True}},
}


def serve(settings: Settings, target: str = TARGET) -> None:
    """Serve until SIGTERM or SIGINT, with as many worker processes as the settings say.

    `target` names what builds a worker's application. A worker that dies is replaced. Raises `OSError` where the
    address is taken, `SettingsError` where that of the metrics is, and `SystemExit` when workers die faster than they
    can be replaced.
    """
    files = _raise_file_limit()
    host, port = host_and_port(settings.bind)
    server = Granian(
        target,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=settings.workers,
        blocking_threads=REQUESTS_MOST,
        blocking_threads_idle_timeout=IDLE_THREAD_S,
        backpressure=min(CONNECTIONS_MOST, max(files // 2, files - FILES_SPARE)),
        backlog=BACKLOG,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_TIMEOUT_MS),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=DRAIN_S,
        log_level=LogLevels.error,
        log_dictconfig=_LOGGERS,
    )
    try:
        with telemetry.served(settings.metrics_bind), place_for_kept_forms():
            _check_address(host, port)  # the metrics may have it
            server.serve()
    except SystemExit:
        if not server.interrupt_signal:  # Ctrl-C reaches the workers, too: that they ended is no fault then
            raise


def _check_address(host: str, port: int) -> None:
    """Raise `OSError` where the address is taken: the server itself would let two share it, unnoticed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _raise_file_limit() -> int:
    """Let a worker hold as many connections as it is allowed to, and return how many files that are.

    The usual soft limit is 1024.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS_MOST + FILES_SPARE
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    wanted = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
