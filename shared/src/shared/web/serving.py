"""Runs a WSGI application in granian: its threads take requests, and it holds the sockets outside of Python.

Chosen by measuring: see docs/decisions/0002-wsgi-server.md. Installed with the extra `counterfoil-shared[web]`.
"""

from __future__ import annotations

import resource
import socket

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from shared.settings import host_and_port

FILES_SPARE = 200
"""How many files a worker has for all else, where the machine allows it few."""

BACKLOG = 2048
DRAIN_S = 10
HEADERS_TIMEOUT_MS = 10_000
BUFFER_BYTES = 64 * 1024
"""What granian reads ahead on a connection: all headers have room in it. Of a body it holds a few of these: with its
own 400 kB, 64 uploads at once are 110 MB, with this 36 MB."""
IDLE_THREAD_S = 30

_LOGGERS = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"_granian": {"level": "ERROR", "propagate": True}},
}


def serve(
    target: str, bind: str, *, workers: int, requests_most: int, connections_most: int, files_spare: int = FILES_SPARE
) -> None:
    """Serve until SIGTERM or SIGINT, in `workers` processes, in which `target` (`module:function`) builds the
    application. One that dies is replaced.

    Each works on `requests_most` requests at once, each in a thread that lives while it is needed, and holds
    `connections_most` connections, most of which ask for nothing just now; beyond it they wait to be accepted.
    `files_spare` is how many files it has for all else, where the machine allows it few.
    Raises `OSError` where the address is taken, and `SystemExit` when workers die faster than they can be replaced.
    """
    files = _raise_file_limit(connections_most + files_spare)
    host, port = host_and_port(bind)
    server = Granian(
        target,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=workers,
        blocking_threads=requests_most,
        blocking_threads_idle_timeout=IDLE_THREAD_S,
        backpressure=min(connections_most, max(files // 2, files - files_spare)),
        backlog=BACKLOG,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_TIMEOUT_MS, max_buffer_size=BUFFER_BYTES),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=DRAIN_S,
        log_level=LogLevels.error,
        log_dictconfig=_LOGGERS,
    )
    check_address(bind)
    try:
        server.serve()
    except SystemExit:
        if not server.interrupt_signal:  # Ctrl-C reaches the workers, too: that they ended is no fault then
            raise


def check_address(bind: str) -> None:
    """Raise `OSError` where the address is taken: the server itself would let two share it, unnoticed."""
    host, port = host_and_port(bind)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _raise_file_limit(wanted: int) -> int:
    """Let a worker hold as many files as it wants, or is allowed to, and return how many that are.

    The usual soft limit is 1024.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    wanted = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
