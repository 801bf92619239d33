"""Runs a TCP proxy that harms the traffic between a service and its broker or database, and counts the harm."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, Literal, TypeAlias, TypeVar
from urllib.parse import urlsplit, urlunsplit

from dev.processes import free_port
from support.faulty.treatments import Pass, Treatment

Direction: TypeAlias = Literal["to client", "to server"]
T = TypeVar("T")

_CHUNK_BYTES = 65_536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on a port of its own and carries each connection to `upstream`, a port of this machine.

    Each direction has a treatment, which may be changed while connections are open. `counts` says what was done:
    connections, resets, half-closes, and what the treatments count. Safe to use from any thread.
    """

    def __init__(self, upstream: int) -> None:
        self.port = free_port()
        self.counts: Counter[str] = Counter()
        self._upstream = upstream
        self._treatments: dict[Direction, Treatment] = {"to client": Pass(), "to server": Pass()}
        self._connections: set[Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy of {upstream}", daemon=True)
        self._server: asyncio.Server | None = None

    def start(self) -> None:
        """Begin to listen, on loopback."""
        self._thread.start()
        self.open()

    def stop(self) -> None:
        """Cut everything and end."""
        self.close()
        self._in_loop(self._cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def url_of(self, url: str) -> str:
        """Return the address by which the same thing is reached through this proxy."""
        parts = urlsplit(url)
        user, at, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{user}{at}127.0.0.1:{self.port}"))

    def treat(self, direction: Direction, treatment: Treatment | None = None) -> None:
        """Treat what goes in this direction so from now on; without a treatment, let it pass."""
        self._in_loop(self._treat(direction, treatment or Pass()))

    def close(self) -> None:
        """Refuse new connections, and reset those that are open: as if nobody were there."""
        self._in_loop(self._close())
        self.cut()

    def open(self) -> None:
        """Take connections (again)."""
        self._in_loop(self._open())

    def cut(self) -> None:
        """Reset every open connection, on both sides (RST)."""
        self._in_loop(self._each(Connection.reset))

    def half_close(self) -> None:
        """Tell every client that the server sends no more (FIN), and go on carrying what they send."""
        self._in_loop(self._each(Connection.half_close))

    def connected(self) -> int:
        """Return how many connections are open."""
        return len(self._connections)

    def _in_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port, limit=_CHUNK_BYTES)

    async def _close(self) -> None:
        if self._server:
            self._server.close()
            self._server = None

    async def _treat(self, direction: Direction, treatment: Treatment) -> None:
        before, self._treatments[direction] = self._treatments[direction], treatment
        before.end()

    async def _each(self, act: Callable[[Connection], None]) -> None:
        for connection in list(self._connections):
            act(connection)

    async def _cancel_all(self) -> None:
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream, limit=_CHUNK_BYTES)
        except OSError:
            _reset(writer)
            return
        connection = Connection(writer, up_writer, self.counts)
        self.counts["connections"] += 1
        self._connections.add(connection)
        to_server = asyncio.ensure_future(self._pump("to server", connection, reader, up_writer))
        to_client = asyncio.ensure_future(self._pump("to client", connection, up_reader, writer))
        try:
            await asyncio.wait({to_server, to_client}, return_when=asyncio.ALL_COMPLETED)
        finally:
            self._connections.discard(connection)
            for each in (writer, up_writer):
                each.close()

    async def _pump(
        self, direction: Direction, connection: Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(_CHUNK_BYTES):
                await self._treatments[direction].carry(chunk, writer, connection)
            connection.ended(writer)
            return
        connection.reset()


class Connection:
    """One connection through a proxy, as treatments see it."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter, counts: Counter[str]) -> None:
        self.counts = counts
        self.due: dict[asyncio.StreamWriter, float] = {}
        self.marks: set[str] = set()
        self._client = client
        self._server = server
        self._half_closed = False
        for writer in (client, server):
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def reset(self) -> None:
        """Cut it on both sides, so that each is told of a reset."""
        if not self._client.is_closing() or not self._server.is_closing():
            self.counts["resets"] += 1
        for writer in (self._client, self._server):
            _reset(writer)

    def half_close(self) -> None:
        """End the direction to the client alone."""
        if not self._half_closed and not self._client.is_closing():
            self._half_closed = True
            self.counts["half-closes"] += 1
            self._client.write_eof()

    def ended(self, writer: asyncio.StreamWriter) -> None:
        """Pass on that one side sends no more."""
        if writer.can_write_eof() and not writer.is_closing() and not (writer is self._client and self._half_closed):
            with contextlib.suppress(OSError):
                writer.write_eof()

    def write(self, writer: asyncio.StreamWriter, chunk: bytes) -> None:
        """Send bytes on, unless that way has ended."""
        if not writer.is_closing() and not (writer is self._client and self._half_closed):
            writer.write(chunk)


def _reset(writer: asyncio.StreamWriter) -> None:
    if writer.is_closing():
        return
    opened = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()
