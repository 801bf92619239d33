"""This module reads confirms and deliveries without an object of pika's for each frame.

Only what is plain is read here: a confirm, or a delivery to one consumer with its content in one frame. Everything
else is left to pika. The layouts are AMQP 0-9-1's, 2.3.5.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import TypeAlias

import pika
from pika.exceptions import InvalidFrameError
from pika.frame import Frame, Header, ProtocolHeader, decode_frame
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
            length, frame = _decoded(data[at:])
            if frame is None:
                break
            process(frame)
            end += length
        at = end
    return at


def left_to_pika(_: bytes, at: int) -> int:
    """Read nothing quickly; a `Reader`."""
    return at


def _decoded(data: bytes) -> tuple[int, Frame | ProtocolHeader | None]:
    """Return what pika makes of a frame; where it fails at a content's properties, the header frame without any."""
    try:
        return decode_frame(data)
    except InvalidFrameError:
        raise
    except Exception:
        kind, channel_number, size = _FRAME.unpack_from(data)
        if kind != FRAME_HEADER:
            raise
        body_size = int.from_bytes(data[_SIZE_AT:_PROPERTIES_AT], "big")
        return _FRAME.size + size + 1, Header(channel_number, body_size, pika.BasicProperties())


def _properties(encoded: bytes) -> pika.BasicProperties:
    """Return the properties; none where they cannot be read, so that the message is no event, and is parked.

    Whoever may publish can put into headers what makes pika raise, tables in a thousand tables or a number that is
    none. Raised here, that would end the connection at each redelivery.
    """
    try:
        return pika.BasicProperties().decode(encoded)
    except Exception:  # noqa: BLE001 - whatever pika says of it
        return pika.BasicProperties()


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
        properties = _properties(data[header + _PROPERTIES_AT : body - 1])
        is_again = bool(data[number + 8] & 1)
        content = data[body + _FRAME.size : end - 1]
        take(int.from_bytes(data[number : number + 8], "big"), is_again, properties, content)
        return end

    return delivery


def _uint32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")
