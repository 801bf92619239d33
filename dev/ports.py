"""The port that `make run` serves on."""

from __future__ import annotations

import errno
import os
import socket

from dev.steps import CannotGoOn


def chosen() -> int:
    """Return what PORT asks for, 8080 by default; raises `CannotGoOn` when it is no port or one cannot listen on it."""
    text = os.environ.get("PORT") or "8080"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CannotGoOn(f"PORT={text} is no port. Choose one from 1 to 65535: PORT=8081 make run")
    check(int(text))
    return int(text)


def check(port: int) -> None:
    """Raise `CannotGoOn` when one cannot listen on this port of the loopback interface."""
    another = f"PORT={port + 1 if port < 65535 else 8080} make run"
    if _is_answered(port):
        raise CannotGoOn(f"Port {port} is busy: another program listens there. Stop it, or choose another: {another}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            why = "is busy" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise CannotGoOn(f"Port {port} {why}. Choose another: {another}") from None


def _is_answered(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
