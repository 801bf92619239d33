"""Reads the frames that come by the thousand, confirms and deliveries, without an object of pika's for each frame.

Only what is plain is read here: a confirm, or a delivery to one consumer with its content in one frame. Everything
else is left to pika. The layouts are AMQP 0-9-1's, 2.3.5.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import TypeAlias

import pika
from pika.frame import Frame, ProtocolHeader, decode_frame
from pika.spec import FRAME_BODY, FRAME_END, FRAME_HEADER, FRAME_METHOD, Basic

LARGEST_BYTES = 64 * 1024
"""The longest content that is waited for here: as long as a content is not whole, each read copies what is there."""

Confirm: TypeAlias = Basic.Ack | Basic.Nack

TakeConfirm: TypeAlias = Callable[[Confirm], None]

TakeDelivery: TypeAlias = Callable[[int, bool, pika.BasicProperties, bytes], None]
"""Delivery tag, whether it was delivered before, properties, content."""

Reader: TypeAlias = Callable[[bytes, int], int | None]
"""Handles what begins at a place in the bytes, and returns where it ends: that place where it is pika's, None where
its end has not come yet."""

_FRAME = Struct(">BHL")
"""Type, channel, size; an octet ends the frame."""

_CONFIRM = Struct(">BHIIQBB")
"""Type, channel, size, method, delivery tag, bits, end."""

_CONFIRM_SIZE = _CONFIRM.size - _FRAME.size - 1

_SIZE_AT, _PROPERTIES_AT = 11, 19
"""Where, in a header frame, the content's size stands, and its properties (2.3.5.2)."""


def read(data: bytes, reader: Reader, process: Callable[[Frame | ProtocolHeader], None]) -> int:
    """Hand over what is whole, by the reader or frame by frame to `process`. Returns how many bytes that was.

    Raises `pika.exceptions.InvalidFrameError`.
    """
    at = 0
    while at < len(data):
        end = reader(data, at)
        if end is None:
            break
        if end == at:
            length, frame = decode_frame(data[at:])
            if frame is None:
                break
            process(frame)
            end += length
        at = end
    return at


def confirms(channel_number: int, take: TakeConfirm) -> Reader:
    """Return a reader of the confirms on one channel."""

    def confirm(data: bytes, at: int) -> int:
        if at + _CONFIRM.size > len(data):
            return at
        kind, number, size, method, tag, bits, end = _CONFIRM.unpack_from(data, at)
        if (kind, number, size, end) != (FRAME_METHOD, channel_number, _CONFIRM_SIZE, FRAME_END):
            return at
        if method == Basic.Ack.INDEX:
            take(Basic.Ack(tag, bool(bits & 1)))
        elif method == Basic.Nack.INDEX:
            take(Basic.Nack(tag, bool(bits & 1), bool(bits & 2)))
        else:
            return at
        return at + _CONFIRM.size

    return confirm


def deliveries(channel_number: int, consumer_tag: str, take: TakeDelivery) -> Reader:
    """Return a reader of the deliveries to one consumer."""
    begins, has_header, has_body = (
        _FRAME.pack(kind, channel_number, 0)[:3] for kind in (FRAME_METHOD, FRAME_HEADER, FRAME_BODY)
    )
    tag = consumer_tag.encode()
    deliver = Basic.Deliver.INDEX.to_bytes(4, "big") + bytes([len(tag)]) + tag

    def delivery(data: bytes, at: int) -> int | None:
        method = at + _FRAME.size
        if not (data.startswith(begins, at) and data.startswith(deliver, method)):
            return at
        header = method + _uint32(data, at + 3) + 1
        if header + _PROPERTIES_AT > len(data):
            return None
        body = header + _FRAME.size + _uint32(data, header + 3) + 1
        size = int.from_bytes(data[header + _SIZE_AT : header + _PROPERTIES_AT], "big")
        if not data.startswith(has_header, header) or not 0 < size <= LARGEST_BYTES:
            return at
        end = body + _FRAME.size + size + 1
        if body + _FRAME.size > len(data):
            return None
        if not data.startswith(has_body, body) or _uint32(data, body + 3) != size:
            return at
        if end > len(data):
            return None
        if {data[header - 1], data[body - 1], data[end - 1]} != {FRAME_END}:
            return at
        number = method + len(deliver)
        properties = pika.BasicProperties().decode(data[header + _PROPERTIES_AT : body - 1])
        is_again = bool(data[number + 8] & 1)
        content = data[body + _FRAME.size : end - 1]
        take(int.from_bytes(data[number : number + 8], "big"), is_again, properties, content)
        return end

    return delivery


def _uint32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")
