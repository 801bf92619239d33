"""Keeps a streamed answer that broke off from looking complete.

The server ends the chunks of an answer whose application fails as if it were whole, and does not tell an application
which socket is whose. So such an answer is never ended: it goes on without a byte until its connection is gone. It is
gone soon, as the one connection to that client of which Linux says that it was sent as much, and for the last time
when the answer stood still; where that fits several, or elsewhere than on Linux, when either side loses patience
(`slow_clients`: a minute).
"""

from __future__ import annotations

import os
import socket
import stat
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LOOK_EVERY_S = 1.0
STILL_S = 3.0
"""How long an answer stands still before its connection is looked for: others have sent something by then."""

_EARLIER_S, _LATER_S = 0.1, 1.0
"""How much earlier, as clocks go, and later than it was handed over a piece may have been sent."""

_RESET = struct.pack("ii", 1, 0)
_LAST_DATA_SENT, _BYTES_ACKED = 44, 120  # in Linux's `struct tcp_info` (linux/tcp.h); milliseconds, and bytes


def never_ending(environ: WSGIEnvironment, sent_bytes: int) -> Iterator[bytes]:
    """Return empty pieces until the connection of a request is gone, to which so much of an answer was sent."""
    began_s, is_reset = time.monotonic(), False
    while True:
        time.sleep(LOOK_EVERY_S)
        if not is_reset and time.monotonic() - began_s >= STILL_S:
            with suppress(Exception):  # whatever happens: to raise would end the answer as if it were complete
                is_reset = _reset(environ, sent_bytes, began_s)
        yield b""


def _reset(environ: WSGIEnvironment, sent_bytes: int, began_s: float) -> bool:
    """Break the connection off, if just one can be meant, and say whether it was."""
    if sys.platform != "linux":
        return False
    client = environ.get("werkzeug.proxy_fix.orig", environ)["REMOTE_ADDR"]
    found = [each for each in _connections(client, int(environ["SERVER_PORT"])) if _fits(each, sent_bytes, began_s)]
    if len(found) == 1:
        with suppress(OSError):
            found[0].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)  # an end would do for HTTP/1.0
            found[0].shutdown(socket.SHUT_RD)
    for each in found:
        each.close()
    return len(found) == 1


def _connections(client: str, port: int) -> Iterator[socket.socket]:
    """Return copies of all sockets of this process to a client's address at a port; whoever takes one closes it."""
    seen: set[int] = set()  # a number may be that of a copy by now
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers, not paths
        with suppress(OSError):  # it was closed meanwhile, or is no connection
            about = os.fstat(int(name))
            if not stat.S_ISSOCK(about.st_mode) or about.st_ino in seen:
                continue
            seen.add(about.st_ino)
            copy = socket.socket(fileno=os.dup(int(name)))
            try:
                is_theirs = (
                    copy.family != socket.AF_UNIX and copy.getpeername()[0] == client and copy.getsockname()[1] == port
                )
            except BaseException:
                copy.close()
                raise
            if is_theirs:
                yield copy
            else:
                copy.close()


def _fits(connection: socket.socket, sent_bytes: int, began_s: float) -> bool:
    try:
        information = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_ACKED + 8)
        (silent_ms,) = struct.unpack_from("=I", information, _LAST_DATA_SENT)
        (acked,) = struct.unpack_from("=Q", information, _BYTES_ACKED)
    except (OSError, struct.error):
        silent_ms, acked = 0, 0
    still_s = time.monotonic() - began_s
    fits: bool = acked >= sent_bytes and still_s - _LATER_S <= silent_ms / 1000 <= still_s + _EARLIER_S
    if not fits:
        connection.close()
    return fits
