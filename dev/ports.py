"""The port that `make run` serves on."""

from __future__ import annotations

import errno
import os
import socket

from dev.steps import CannotGoOn

_DEFAULT = 8080
_FIRST_FOR_ALL = 1024
_LAST = 65535


def chosen() -> int:
    """Return what PORT asks for, 8080 by default; raises `CannotGoOn` when it is no port or one cannot listen on it."""
    text = os.environ.get("PORT") or str(_DEFAULT)
    if not text.isdecimal() or not 0 < int(text) <= _LAST:
        raise CannotGoOn(f"PORT={text} is no port. Choose one from 1 to 65535: PORT=8081 make run")
    check(int(text))
    return int(text)


def check(port: int) -> None:
    """Raise `CannotGoOn` when one cannot listen on this port of the loopback interface."""
    if _is_answered(port):
        raise CannotGoOn(f"Port {port} is busy: another program listens there. Stop it, or {_another(port)}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise refusal(port, error) from None


def refusal(port: int, error: OSError) -> CannotGoOn:
    """Say why one cannot listen there, and what to do."""
    if isinstance(error, PermissionError):
        return CannotGoOn(
            f"Port {port} is kept for root on this machine. Have a proxy listen there and pass on to another port,\n"
            f"or {_another(port)}"
        )
    why = "is busy" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
    return CannotGoOn(f"Port {port} {why}: {_another(port)}")


def _another(port: int) -> str:
    return f"choose another: PORT={port + 1 if _FIRST_FOR_ALL <= port < _LAST else _DEFAULT} make run"


def _is_answered(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
