"""Reads a broker's queues over plain AMQP, as an operator would."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import pika
import pika.exceptions
from pika.adapters.blocking_connection import BlockingChannel
from pika.adapters.utils.connection_workflow import AMQPConnectorException

from shared.messaging.rabbitmq import addresses
from shared.messaging.topology import QUEUES

T = TypeVar("T")


class Queues:
    """The queues of one virtual host. Every question is a connection of its own, so a killed node does no harm."""

    def __init__(self, broker_url: str) -> None:
        self._parameters = [_patient(pika.URLParameters(address)) for address in addresses.split(broker_url)]

    def depth(self, name: str) -> int:
        """Return how many messages wait, without those that a consumer holds; 0 for a queue that is not there."""
        return self._declared(name)[0]

    def consumers(self, name: str) -> int:
        """Return how many consumers it has; 0 for a queue that is not there, or a broker that is away."""
        return self._declared(name)[1]

    def publish(self, exchange: str, routing_key: str, body: bytes, properties: pika.BasicProperties) -> None:
        """Publish one message by hand, and wait for its confirm."""

        def send(channel: BlockingChannel) -> None:
            channel.confirm_delivery()
            channel.basic_publish(exchange, routing_key, body, properties, mandatory=True)

        self.on_channel(send)

    def take(self, name: str) -> tuple[bytes, pika.BasicProperties] | None:
        """Take one message off a queue; None when it is empty."""

        def get(channel: BlockingChannel) -> tuple[bytes, pika.BasicProperties] | None:
            _, properties, body = channel.basic_get(name, auto_ack=True)
            return None if body is None or properties is None else (body, properties)

        return self.on_channel(get)

    def peek(self, name: str) -> list[tuple[bytes, pika.BasicProperties]]:
        """Return every message that waits in a queue, and give all of them back; each counts as one return."""

        def get_all(channel: BlockingChannel) -> list[tuple[bytes, pika.BasicProperties]]:
            found: list[tuple[bytes, pika.BasicProperties]] = []
            while True:
                _, properties, body = channel.basic_get(name)
                if body is None or properties is None:
                    return found
                found.append((body, properties))

        return self.on_channel(get_all)

    def on_channel(self, work: Callable[[BlockingChannel], T]) -> T:
        """Do something on a channel of a connection of its own."""
        connection = pika.BlockingConnection(self._parameters)
        try:
            return work(connection.channel())
        finally:
            if connection.is_open:
                connection.close()

    def delete_all(self, timeout_s: float = 10) -> None:
        """Delete every queue of the topology, within the time, as far as there is a broker that does it.

        One has work with each of them every few seconds, though nobody uses them any more.
        """
        deleting = threading.Thread(target=self._delete_all, daemon=True)
        deleting.start()
        deleting.join(timeout_s)

    def _delete_all(self) -> None:
        with suppress(pika.exceptions.AMQPError, AMQPConnectorException, OSError):
            self.on_channel(lambda channel: [channel.queue_delete(queue.name) for queue in QUEUES])

    def _declared(self, name: str) -> tuple[int, int]:
        try:
            frame = self.on_channel(lambda channel: channel.queue_declare(name, passive=True))
        except (pika.exceptions.AMQPError, OSError):
            return 0, 0
        return frame.method.message_count, frame.method.consumer_count


def _patient(parameters: pika.URLParameters) -> pika.URLParameters:
    """Let a broker on a busy machine take its time; one that is away refuses at once."""
    parameters.socket_timeout, parameters.stack_timeout = 30, 60
    return parameters
