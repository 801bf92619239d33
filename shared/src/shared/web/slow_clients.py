"""Ends connections to which nothing was sent for a minute: the server waits for a slow body for ever.

Where files are taken, one on which enough comes in goes on for some minutes: a file takes its time.

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
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

SILENCE_MOST_S = 60.0
CHECK_S = 5.0

_LAST_DATA_SENT, _BYTES_RECEIVED = 44, 128  # in Linux's `struct tcp_info` (linux/tcp.h); milliseconds, and bytes


@dataclass(frozen=True, slots=True)
class UploadPace:
    """How slowly files may come: at least so many bytes a second over any `window_s`, and all within `most_s`."""

    bytes_per_s: int = 16 * 1024
    window_s: float = 30.0
    most_s: float = 900.0


def end_slow_clients(
    port: int, *, silence_most_s: float = SILENCE_MOST_S, check_s: float = CHECK_S, uploads: UploadPace | None = None
) -> None:
    """Let a thread end, from now on, what has come in at `port` and was sent nothing for `silence_most_s`; with
    `uploads`, unless something comes in at that pace.

    A body that breaks off by it is answered with 400, as any other. On Linux only: elsewhere nothing is ended.
    """
    if sys.platform != "linux":
        return
    coming = _Coming(uploads) if uploads else None

    def watch() -> None:
        while True:
            time.sleep(check_s)
            for descriptor in _descriptors():
                with suppress(OSError):  # it was closed meanwhile, or is no connection
                    _end_if_silent(descriptor, port, silence_most_s, coming)
            if coming:
                coming.forget()

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


class _Coming:
    """What has come in on each connection, by the number of its socket: looked at each time, for a window."""

    def __init__(self, least: UploadPace) -> None:
        self._least = least
        self._seen: dict[int, deque[tuple[float, int]]] = {}
        self._looked_at: set[int] = set()

    def is_enough(self, number: int, silence_s: float, received: int) -> bool:
        """Say whether as much came in on a connection during the last window as an upload has to bring."""
        now_s, seen = time.monotonic(), self._seen.setdefault(number, deque())
        self._looked_at.add(number)
        seen.append((now_s, received))
        while len(seen) > 1 and now_s - seen[1][0] >= self._least.window_s:
            seen.popleft()
        since_s, before = seen[0]
        enough = received - before >= self._least.bytes_per_s * (now_s - since_s)
        return enough and len(seen) > 1 and silence_s < self._least.most_s + self._least.window_s

    def forget(self) -> None:
        """Forget the connections that were not looked at since the last time."""
        self._seen = {number: seen for number, seen in self._seen.items() if number in self._looked_at}
        self._looked_at.clear()


def _end_if_silent(descriptor: int, port: int, silence_most_s: float, coming: _Coming | None) -> None:
    about = os.fstat(descriptor)
    if not stat.S_ISSOCK(about.st_mode):
        return
    with _opened(descriptor) as connection:
        connection.getpeername()  # raises for a socket that listens: to shut that down would end the server
        is_ours = connection.family != socket.AF_UNIX and connection.getsockname()[1] == port
        if not is_ours:
            return
        silence_s, received = _silence_s(connection)
        if coming and silence_s > silence_most_s / 2 and coming.is_enough(about.st_ino, silence_s, received):
            return
        if silence_s > silence_most_s:
            connection.shutdown(socket.SHUT_RD)


def _silence_s(connection: socket.socket) -> tuple[float, int]:
    """Return for how long nothing was sent, and how many bytes have come in; 0 where an old Linux does not say."""
    information = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_RECEIVED + 8)
    (milliseconds,) = struct.unpack_from("=I", information, _LAST_DATA_SENT)
    if len(information) < _BYTES_RECEIVED + 8:
        return milliseconds / 1000, 0
    return milliseconds / 1000, struct.unpack_from("=Q", information, _BYTES_RECEIVED)[0]
