"""This module declares the topology; every process does so whenever it connects, before it publishes.

But for one whose broker user may make nothing: it only looks whether others have.
"""

from __future__ import annotations

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError, ChannelClosedByBroker

from shared.messaging import routes, topology

ACCESS_REFUSED = 403
NOT_FOUND = 404
PRECONDITION_FAILED = 406

UNREACHABLE = (AMQPError, AMQPConnectorException, OSError)
"""What pika raises where a broker is away, refuses, or does not answer: its timeouts are no `AMQPError`."""


class TopologyMismatch(Exception):
    """Something stands on the broker with other arguments; nothing was changed. The text names the difference."""


class NotDeclared(Exception):
    """Something is missing that this process may not make. The text says what, and who makes it."""


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


def look(parameters: pika.URLParameters) -> bool:
    """Look for the one thing by which a process without rights can tell that nothing is declared; makes nothing: False.

    It has rights to `counterfoil.live` and to no queue. RabbitMQ 4.2.6 and 4.3.0 let nobody look who may not declare,
    later ones let nobody look without any right (rabbitmq-server, pull requests 16085 and 16272): a queue that is
    missing shows when what was published to it comes back. Raises `NotDeclared`, or one of `UNREACHABLE`.
    """
    connection = pika.BlockingConnection(parameters)
    try:
        connection.channel().exchange_declare(topology.LIVE, passive=True)
    except ChannelClosedByBroker as error:
        if error.reply_code == NOT_FOUND:
            raise NotDeclared(
                f"{topology.LIVE} is missing: storage, notify or `python -m shared.messaging` declares it"
            ) from error
        if error.reply_code != ACCESS_REFUSED:
            raise
    finally:
        if connection.is_open:
            connection.close()
    return False


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
