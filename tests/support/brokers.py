"""A broker under test, of either kind, and its consumers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pika

from shared.messaging.broker import Broker, Consumer
from shared.messaging.message import Message


@dataclass
class Subject:
    """A broker under test, and a way to see what lies on its queues."""

    broker: Broker
    queued: Callable[[str], list[Message]]


def looker(url: str) -> Callable[[str], list[Message]]:
    def queued(queue: str) -> list[Message]:
        with pika.BlockingConnection(pika.URLParameters(url)) as connection:
            channel = connection.channel()
            found: list[Message] = []
            while True:
                method, properties, body = channel.basic_get(queue)
                if method is None or properties is None:
                    return found  # closing the connection puts them all back
                ours = ((key, value) for key, value in (properties.headers or {}).items() if key != "x-delivery-count")
                headers = {key: value for key, value in ours if isinstance(value, str | int)}
                found.append(
                    Message("", queue, properties.type or "", properties.message_id or "", body or b"", headers)
                )

    return queued


@contextmanager
def running(consumer: Consumer, *, timeout_s: float = 30.0) -> Iterator[None]:
    """Let a consumer run in a thread of its own, and stop it at the end."""
    thread = threading.Thread(target=consumer.run)
    thread.start()
    try:
        yield
    finally:
        consumer.stop()
        thread.join(timeout_s)
        assert not thread.is_alive(), "the consumer did not stop"
