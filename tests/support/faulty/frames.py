"""Drops single frames of AMQP, so that a broker and its client disagree about one message."""

from __future__ import annotations

import asyncio

from support.faulty.treatments import Carried, Pass

DELIVER = (60, 60)
"""Class and method of `basic.deliver`."""

ACK = (60, 80)
"""Class and method of `basic.ack`."""

CHANNEL_CLOSE_OK = (20, 41)
"""Class and method of `channel.close-ok`."""

_HEAD_BYTES = 7
_METHOD = 1


class Lose(Pass):
    """Swallows the next frame of one method, with the content that follows it, and lets all others through.

    To be set while nothing is on its way: it takes the first byte that it sees for the beginning of a frame.
    """

    def __init__(self, method: tuple[int, int]) -> None:
        self._method = b"".join(number.to_bytes(2, "big") for number in method)
        self._rest = b""
        self._is_over = False
        self._is_losing = False

    async def carry(self, chunk: bytes, writer: asyncio.StreamWriter, connection: Carried) -> None:
        """Send on what is whole and not to be lost."""
        self._rest += chunk
        kept = b"".join(frame for frame in self._whole_frames() if not self._is_lost(frame, connection))
        if kept:
            await super().carry(kept, writer, connection)

    def _whole_frames(self) -> list[bytes]:
        frames = []
        while len(self._rest) > _HEAD_BYTES:
            size = _HEAD_BYTES + int.from_bytes(self._rest[3:_HEAD_BYTES], "big") + 1
            if len(self._rest) < size:
                break
            frame, self._rest = self._rest[:size], self._rest[size:]
            frames.append(frame)
        return frames

    def _is_lost(self, frame: bytes, connection: Carried) -> bool:
        if frame[0] == _METHOD:
            is_next = not self._is_over and frame[_HEAD_BYTES:].startswith(self._method)
            self._is_losing, self._is_over = is_next, self._is_over or is_next
            connection.counts["methods lost"] += is_next
        return self._is_losing and frame[0] != 8
