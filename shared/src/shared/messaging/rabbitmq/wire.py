"""This module makes pika's properties of a message."""

from __future__ import annotations

import time

import pika
from pika import DeliveryMode

from shared.messaging.message import Message


def properties_of(
    message: Message, expiration_ms: int | None = None, *, mode: DeliveryMode = DeliveryMode.Persistent
) -> pika.BasicProperties:
    """Return the AMQP properties a message travels with; `timestamp` is in whole seconds, as AMQP has it."""
    return pika.BasicProperties(
        content_type="application/json",
        headers=dict(message.headers) or None,
        delivery_mode=mode,
        message_id=message.id or None,
        timestamp=int(time.time()),
        type=message.type,
        app_id="counterfoil",
        expiration=None if expiration_ms is None else str(expiration_ms),
    )
