"""This module declares the topology; every process does so on every connect, before it publishes."""

from __future__ import annotations

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError, ChannelClosedByBroker

from shared.messaging import routes, topology

NOT_FOUND = 404
PRECONDITION_FAILED = 406

UNREACHABLE = (AMQPError, AMQPConnectorException, OSError)
"""What pika raises where a broker is away, refuses, or does not answer: its timeouts are no `AMQPError`."""


class TopologyMismatch(Exception):
    """Something stands on the broker with other arguments; nothing was changed. The text names the difference."""


def declare(parameters: pika.URLParameters) -> bool:
    """Declare every exchange, queue and binding over a connection of its own; say whether a queue was missing.

    Raises `TopologyMismatch`, or one of `UNREACHABLE` where the broker cannot be reached.
    """
    connection = pika.BlockingConnection(parameters)
    try:
        was_missing = not _all_stand(connection.channel())
        _declare_all(connection.channel())
    except ChannelClosedByBroker as error:
        if error.reply_code == PRECONDITION_FAILED:
            raise TopologyMismatch(error.reply_text) from error
        raise
    finally:
        if connection.is_open:
            connection.close()
    return was_missing


def _all_stand(channel: BlockingChannel) -> bool:
    """Say whether every queue is there; where one is not, the broker has closed the channel."""
    try:
        for queue in topology.QUEUES:
            channel.queue_declare(queue.name, passive=True)
    except ChannelClosedByBroker as error:
        if error.reply_code != NOT_FOUND:
            raise
        return False
    return True


def _declare_all(channel: BlockingChannel) -> None:
    for exchange in topology.EXCHANGES:
        channel.exchange_declare(exchange.name, exchange.kind, durable=True)
    for queue in topology.QUEUES:
        channel.queue_declare(queue.name, durable=True, arguments=dict(queue.arguments))
    for binding in routes.bindings():
        channel.queue_bind(binding.queue, binding.exchange, binding.routing_key)
