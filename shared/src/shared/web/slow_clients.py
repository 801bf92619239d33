"""Ends connections to which nothing was sent for a minute: the server waits for a slow body for ever.

Whoever is answered at all is answered within seconds: a post has a deadline, an event stream a heartbeat, a long poll
half a minute, and the server ends idle connections. So what is left are bodies that do not come, or come by the byte,
and clients that are gone; each holds a thread.
"""

from __future__ import annotations

import errno
import os
import resource
import socket
import stat
import struct
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

SILENCE_MOST_S = 60.0
CHECK_S = 5.0

_LAST_DATA_SENT = 44  # where `tcpi_last_data_sent` stands in Linux's `struct tcp_info` (linux/tcp.h), in milliseconds


def end_slow_clients(port: int, *, silence_most_s: float = SILENCE_MOST_S, check_s: float = CHECK_S) -> None:
    """Let a thread end, from now on, what has come in at `port` and was sent nothing for `silence_most_s`.

    A body that breaks off by it is answered with 400, as any other. On Linux only: elsewhere nothing is ended.
    """
    if sys.platform != "linux":
        return

    def watch() -> None:
        while True:
            time.sleep(check_s)
            for descriptor in _descriptors():
                with suppress(OSError):  # it was closed meanwhile, or is no connection
                    _end_if_silent(descriptor, port, silence_most_s)

    threading.Thread(target=watch, name="end slow clients", daemon=True).start()


def _descriptors() -> Iterable[int]:
    """Return the numbers of all open files; where not one more can be opened to look, every number there can be."""
    try:
        return map(int, os.listdir("/proc/self/fd"))  # noqa: PTH208 - numbers, not paths
    except OSError:
        return range(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


@contextmanager
def _opened(descriptor: int) -> Iterator[socket.socket]:
    """Open a copy: the number may mean another one in a moment. Where there is room for none, risk that."""
    try:
        connection, is_copy = socket.socket(fileno=os.dup(descriptor)), True
    except OSError as error:
        if error.errno != errno.EMFILE:
            raise
        connection, is_copy = socket.socket(fileno=descriptor), False
    try:
        yield connection
    finally:
        (connection.close if is_copy else connection.detach)()


def _end_if_silent(descriptor: int, port: int, silence_most_s: float) -> None:
    if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        return
    with _opened(descriptor) as connection:
        connection.getpeername()  # raises for a socket that listens: to shut that down would end the server
        is_ours = connection.family != socket.AF_UNIX and connection.getsockname()[1] == port
        if is_ours and _silence_s(connection) > silence_most_s:
            connection.shutdown(socket.SHUT_RD)


def _silence_s(connection: socket.socket) -> float:
    information = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 48)
    milliseconds: int = struct.unpack_from("=I", information, _LAST_DATA_SENT)[0]
    return milliseconds / 1000
