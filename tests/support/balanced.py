"""One address in front of several, as a service has one: each connection goes to the next one that takes it."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress

from dev.processes import free_port


class Balanced:
    """Passes connections on to the next of some ports on this machine that is open, byte for byte."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.port = free_port()
        self._order = itertools.cycle(ports)
        self._many = len(ports)
        self._listener: socket.socket | None = None

    def start(self) -> None:
        """Take connections from now on."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=512)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Take no more."""
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                taken, _ = listener.accept()
            except OSError:
                return
            behind = self._connected()
            if behind is None:
                taken.close()
                continue
            for pair in ((taken, behind), (behind, taken)):
                threading.Thread(target=_pump, args=pair, daemon=True).start()

    def _connected(self) -> socket.socket | None:
        for port in itertools.islice(self._order, self._many):
            with suppress(OSError):
                return socket.create_connection(("127.0.0.1", port), 1)
        return None


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Pass bytes on to the end; what breaks off breaks off on the other side, too."""
    source.settimeout(None)
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for each in (source, target):
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                each.shutdown(socket.SHUT_RDWR)
