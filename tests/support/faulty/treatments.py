"""Defines what a proxy does with the bytes of one direction."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import Protocol


class Carried(Protocol):
    """The connection that a chunk belongs to."""

    counts: Counter[str]
    due: dict[asyncio.StreamWriter, float]
    marks: set[str]

    def reset(self) -> None:
        """Cut it on both sides."""

    def write(self, writer: asyncio.StreamWriter, chunk: bytes) -> None:
        """Send bytes on."""


class Treatment(Protocol):
    """Carries the chunks of all connections in one direction; `end` is called when another takes its place."""

    async def carry(self, chunk: bytes, writer: asyncio.StreamWriter, connection: Carried) -> None:
        """Do what it does with one chunk."""

    def end(self) -> None:
        """Let go of what it holds."""


class Pass:
    """Lets everything through."""

    async def carry(self, chunk: bytes, writer: asyncio.StreamWriter, connection: Carried) -> None:
        """Send it on, as fast as the other side takes it, after what an earlier treatment has put off."""
        late_s = connection.due.get(writer, 0.0) - asyncio.get_running_loop().time()
        if late_s > 0:
            await asyncio.sleep(late_s + 0.01)
        connection.write(writer, chunk)
        if not writer.is_closing():
            await writer.drain()

    def end(self) -> None:
        """Nothing is held."""


class Drop(Pass):
    """A black hole. At its end the connections that lost anything are reset: TCP never leaves bytes out."""

    def __init__(self) -> None:
        self._maimed: set[Carried] = set()

    async def carry(self, chunk: bytes, writer: asyncio.StreamWriter, connection: Carried) -> None:
        """Lose it."""
        connection.counts["bytes dropped"] += len(chunk)
        self._maimed.add(connection)

    def end(self) -> None:
        """Reset what has a hole."""
        for connection in self._maimed:
            connection.reset()


class Hold(Pass):
    """A stall: nothing goes on, nothing is lost; at its end all of it goes on."""

    def __init__(self) -> None:
        self._over = asyncio.Event()

    async def carry(self, chunk: bytes, writer: asyncio.StreamWriter, connection: Carried) -> None:
        """Wait for the end, then send it."""
        connection.counts["chunks stalled"] += 1
        await self._over.wait()
        await super().carry(chunk, writer, connection)

    def end(self) -> None:
        """Let everything go on."""
        self._over.set()


class Slow(Pass):
    """A long way: each chunk arrives `delay_s` later; a share of them is lost once, and waits for its retransmission.

    Loss on the way is nothing that a program sees of TCP but time: what is lost, and all that follows it, comes when
    it has been sent once more, which Linux does 200 ms after the round trip at the soonest (RFC 6298, section 5).
    """

    RETRANSMISSION_S = 0.2

    def __init__(self, delay_s: float, *, loss: float = 0.0, seed: int = 0) -> None:
        self._delay_s = delay_s
        self._loss = loss
        self._chance = Random(seed)  # noqa: S311 - a seeded fault, not a secret

    async def carry(self, chunk: bytes, writer: asyncio.StreamWriter, connection: Carried) -> None:
        """Send it when it is due, and never before what came earlier."""
        loop = asyncio.get_running_loop()
        after_s = self._delay_s
        connection.counts["chunks delayed"] += 1
        if self._chance.random() < self._loss:
            connection.counts["chunks lost once"] += 1
            after_s += 2 * self._delay_s + self.RETRANSMISSION_S
        due = max(loop.time() + after_s, connection.due.get(writer, 0.0) + 1e-6)
        connection.due[writer] = due
        loop.call_at(due, connection.write, writer, chunk)


class Bytewise(Pass):
    """Sends every byte by itself."""

    async def carry(self, chunk: bytes, writer: asyncio.StreamWriter, connection: Carried) -> None:
        """Send it, one write a byte."""
        connection.counts["bytes by themselves"] += len(chunk)
        for byte in chunk:
            connection.write(writer, bytes((byte,)))
            await asyncio.sleep(0)


class CutInside(Pass):
    """Lets the first `after_bytes` of a chunk through and resets the connection there, once each."""

    def __init__(self, after_bytes: int = 5) -> None:
        self._after_bytes = after_bytes

    async def carry(self, chunk: bytes, writer: asyncio.StreamWriter, connection: Carried) -> None:
        """Cut an AMQP frame: its head alone has seven bytes."""
        if len(chunk) <= self._after_bytes:
            await super().carry(chunk, writer, connection)
            return
        connection.write(writer, chunk[: self._after_bytes])
        connection.counts["cut inside"] += 1
        connection.reset()


class Notice(Pass):
    """Marks the connections that say a word, so that `CutReply` knows them."""

    def __init__(self, word: bytes) -> None:
        self._word = word

    async def carry(self, chunk: bytes, writer: asyncio.StreamWriter, connection: Carried) -> None:
        """Mark, then send it on."""
        if self._word in chunk:
            connection.marks.add("noticed")
        await super().carry(chunk, writer, connection)


class CutReply(Pass):
    """Swallows the reply to what `Notice` noticed, and resets the connection; so many times, then no more."""

    def __init__(self, times: int) -> None:
        self.left = times

    async def carry(self, chunk: bytes, writer: asyncio.StreamWriter, connection: Carried) -> None:
        """Cut it, if it is such a reply."""
        if "noticed" in connection.marks and self.left > 0:
            self.left -= 1
            connection.counts["replies cut"] += 1
            connection.reset()
            return
        connection.marks.discard("noticed")
        await super().carry(chunk, writer, connection)
