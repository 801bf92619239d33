"""This module encodes once the frames that a publisher writes by the thousand."""

from __future__ import annotations

from functools import lru_cache

import pika
from pika.frame import Body, Header, Method
from pika.spec import Basic


@lru_cache(maxsize=64)
def publish(channel_number: int, exchange: str, routing_key: str, *, mandatory: bool) -> bytes:
    """Return the method frame of a `basic.publish`, the same for every message to one route."""
    method = Basic.Publish(exchange=exchange, routing_key=routing_key, mandatory=mandatory)
    return Method(channel_number, method).marshal()


def content(channel_number: int, properties: pika.BasicProperties, body: bytes) -> bytes:
    """Return the header frame and the body frame of a message that fits in one, the same for every route."""
    header = Header(channel_number, len(body), properties).marshal()
    return header + Body(channel_number, body).marshal() if body else header
