"""Gives a test a broker, in memory or real, and its consumers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pika

from shared.contracts import SubmissionAccepted
from shared.messaging.broker import BatchPublisher, Broker, Consumer, Publisher
from shared.messaging.failures import Delivery
from shared.messaging.message import Message, message_of
from shared.messaging.routes import Destination
from support.events import an_event
from support.polling import eventually

TIMEOUT_S = 20.0


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
                found.append(Message(properties.type or "", properties.message_id or "", body or b"", headers))

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


class Recorder:
    """A handler that keeps what it was given, and fails as it is told."""

    def __init__(self) -> None:
        self.batches: list[list[Delivery[SubmissionAccepted]]] = []
        self.fails: dict[str, Exception] = {}
        self.fail_once: list[Exception] = []

    def __call__(self, deliveries: Sequence[Delivery[SubmissionAccepted]]) -> None:
        self.batches.append(list(deliveries))
        if self.fail_once:
            raise self.fail_once.pop()
        for delivery in deliveries:
            if str(delivery.event.id) in self.fails:
                raise self.fails[str(delivery.event.id)]

    def count(self, message_id: str) -> int:
        return sum(str(one.event.id) == message_id for batch in self.batches for one in batch)


@contextmanager
def publishing(subject: Subject) -> Iterator[BatchPublisher]:
    publisher = subject.broker.publisher()
    try:
        eventually(lambda: not publisher.missing(), timeout_s=TIMEOUT_S, message="the publisher is ready")
        yield publisher
    finally:
        publisher.close()


def publish(publisher: Publisher, count: int = 1, *, to: Destination | None = None) -> list[str]:
    messages = [message_of(an_event()) for _ in range(count)]
    for message in messages:
        publisher.publish(message, timeout_s=TIMEOUT_S, to=to)
    return [message.id for message in messages]


def seen(handler: Recorder) -> set[str]:
    return {str(one.event.id) for batch in handler.batches for one in batch}
