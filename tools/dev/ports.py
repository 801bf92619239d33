"""Chooses the port that `make run` serves on."""

from __future__ import annotations

import errno
import os
import socket

from dev.processes import free_port, is_free
from dev.steps import CannotGoOn, say

_DEFAULT = 8080
_MAILS = 8025
_FIRST_FOR_ALL = 1024
_LAST = 65535


def chosen(name: str = "PORT", default: int = _DEFAULT) -> int:
    """Return what PORT asks for, 8080 by default; raises `CannotGoOn` when it is no port or one cannot listen on it."""
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) <= _LAST:
        raise CannotGoOn(f"{name}={text} is no port. Choose one from 1 to 65535: {name}={default + 1} make run")
    check(int(text), name)
    return int(text)


def for_mails(served: int) -> int:
    """Return where the mails are shown: what MAIL_PORT asks for, else 8025, else a free one, and says why that.

    `served` is the gateway's. Raises `CannotGoOn` as `chosen` does.
    """
    if os.environ.get("MAIL_PORT"):
        port = chosen("MAIL_PORT", _MAILS)
        if port == served:
            raise CannotGoOn(f"PORT and MAIL_PORT are both {port}: {_another(port, 'MAIL_PORT')}")
        return port
    if served != _MAILS and is_free(_MAILS):
        return _MAILS
    port = free_port()
    say(f"  Port {_MAILS} is busy: the mails are at http://127.0.0.1:{port}/ (MAIL_PORT={_MAILS + 1} chooses another)")
    return port


def check(port: int, name: str = "PORT") -> None:
    """Raise `CannotGoOn` when one cannot listen on this port of the loopback interface."""
    if _is_answered(port):
        raise CannotGoOn(f"Port {port} is busy: another program listens there. Stop it, or {_another(port, name)}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise refusal(port, error, name) from None


def refusal(port: int, error: OSError, name: str = "PORT") -> CannotGoOn:
    """Say why one cannot listen there, and what to do."""
    if isinstance(error, PermissionError):
        return CannotGoOn(
            f"Port {port} is kept for root on this machine. Have a proxy listen there and pass on to another port,\n"
            f"or {_another(port, name)}"
        )
    why = "is busy" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
    return CannotGoOn(f"Port {port} {why}: {_another(port, name)}")


def _another(port: int, name: str) -> str:
    return f"choose another: {name}={port + 1 if _FIRST_FOR_ALL <= port < _LAST else _DEFAULT} make run"


def _is_answered(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
