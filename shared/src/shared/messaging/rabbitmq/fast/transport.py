"""This module saves system calls at pika's plain transport, in every turn of the I/O loop.

Each call lets go of Python's lock, and the I/O thread then waits for it behind the request threads. The transport of
TLS is left as it is.
"""

# ruff: noqa: SLF001 - what is done past pika takes what it keeps to itself; the pin and the tests guard it

from __future__ import annotations

import contextlib
from typing import Any

from pika.adapters.utils.io_services_utils import _AsyncPlaintextTransport

READ_BYTES = 65_536


def sent_at_once(transport: Any, data: bytes) -> bytes:
    """Send what the socket takes now, and return the rest, for pika: it would wait for another turn with all of it.

    An error is left to pika as well, which meets it again with the rest.
    """
    if _is_plain(transport) and transport._state == transport._STATE_ACTIVE and not transport.get_write_buffer_size():
        with contextlib.suppress(OSError):
            return data[transport._sock.send(data) :]
    return data


def read_once_a_turn(transport: Any) -> None:
    """Let each turn read once, and more at a time, instead of until nothing is left: the loop tells what is left."""
    if _is_plain(transport):
        transport._MAX_CONSUME_BYTES, transport._MAX_RECV_BYTES = 1, READ_BYTES


def _is_plain(transport: Any) -> bool:
    return type(transport) is _AsyncPlaintextTransport
