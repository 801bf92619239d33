"""The frames a publisher writes and reads by the thousand, encoded once and decoded without pika's objects."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from struct import Struct
from typing import TypeAlias

import pika
from pika.frame import Body, Header, Method
from pika.spec import FRAME_END, FRAME_METHOD, Basic

Confirm: TypeAlias = Basic.Ack | Basic.Nack

_CONFIRM = Struct(">BHIIQBB")
"""Type, channel, size, method, delivery tag, bits, end: AMQP 0-9-1, 2.3.5 and 1.8.3.13."""

CONFIRM_BYTES = _CONFIRM.size
_SIZE = CONFIRM_BYTES - 8  # what comes after the first three members, and before the end


@lru_cache(maxsize=64)
def publish(channel_number: int, exchange: str, routing_key: str, *, mandatory: bool) -> bytes:
    """Return the method frame of a `basic.publish`, the same for every message to one route."""
    method = Basic.Publish(exchange=exchange, routing_key=routing_key, mandatory=mandatory)
    return Method(channel_number, method).marshal()


def content(channel_number: int, properties: pika.BasicProperties, body: bytes) -> bytes:
    """Return the header frame and the body frame of a message that fits in one, the same for every route."""
    header = Header(channel_number, len(body), properties).marshal()
    return header + Body(channel_number, body).marshal() if body else header


def leading_confirms(data: bytes, channel_number: int) -> Iterator[Confirm]:
    """Yield the confirms of a channel that data begins with, up to the first frame that is anything else, or is cut."""
    for start in range(0, len(data) - CONFIRM_BYTES + 1, CONFIRM_BYTES):
        kind, number, size, method, tag, bits, end = _CONFIRM.unpack_from(data, start)
        if (kind, number, size, end) != (FRAME_METHOD, channel_number, _SIZE, FRAME_END):
            return
        if method == Basic.Ack.INDEX:
            yield Basic.Ack(tag, bool(bits & 1))
        elif method == Basic.Nack.INDEX:
            yield Basic.Nack(tag, bool(bits & 1), bool(bits & 2))
        else:
            return
