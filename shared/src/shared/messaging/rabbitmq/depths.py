"""This module counts the messages that wait in queues, and lists what is parked."""

from __future__ import annotations

from collections.abc import Iterable

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker

from shared.messaging.message import Message
from shared.messaging.rabbitmq import addresses
from shared.messaging.rabbitmq.declare import UNREACHABLE
from shared.messaging.topology import WORK_QUEUES

TIMEOUT_S = 10.0
_NOWHERE = "counterfoil.nowhere"
_PROBES = 3
"""The first publish of a connection goes through under an alarm."""

PARKED_QUEUES = tuple(dict.fromkeys(work.parked for work in WORK_QUEUES))


class BrokerAway(Exception):
    """The broker was not reached, or let nobody in; the text says what it was."""


def waiting(url: str) -> dict[str, int]:
    """Return how many messages are ready in each work queue and delay level, by name; raises `BrokerAway`.

    What a consumer holds and has not acked is not counted: AMQP does not tell. A queue that is not there counts as -1.
    """
    names = [name for work in WORK_QUEUES for name in (work.name, *map(work.level_queue, work.levels_s))]
    return depths(url, names)


def depths(url: str, names: Iterable[str], *, timeout_s: float = TIMEOUT_S) -> dict[str, int]:
    """Return how many messages are ready in these queues; -1 for one that is not there; raises `BrokerAway`."""
    try:
        with _connected(url, timeout_s) as connection:
            return {name: _depth(connection, name) for name in names}
    except UNREACHABLE as error:
        raise BrokerAway(f"the broker was not reached: {error!r}") from error


def unblocked_depths(url: str, names: Iterable[str], *, timeout_s: float = TIMEOUT_S) -> dict[str, int]:
    """Return what `depths` does, from a broker that takes what is published; raises `BrokerAway` under an alarm, too.

    Under one the broker reads no further from whoever publishes: what they sent may lie in its sockets until the alarm
    is over, and is in no queue meanwhile.
    """
    try:
        with _connected(url, timeout_s) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            for _ in range(_PROBES):
                channel.basic_publish("", _NOWHERE, b"?")  # to no queue: it is confirmed, and dropped
            return {name: _depth(connection, name) for name in names}
    except UNREACHABLE as error:
        raise BrokerAway(f"the broker was not reached, or takes nothing: {error!r}") from error


def parked(url: str, queues: Iterable[str] = PARKED_QUEUES) -> list[Message]:
    """Return the messages in parked queues without their headers. The queues stay as they are; raises `BrokerAway`."""
    holding = [name for name, count in depths(url, queues).items() if count > 0]
    try:
        with _connected(url) as connection:
            return [each for name in holding for each in _messages(connection.channel(), name)]
    except UNREACHABLE as error:
        raise BrokerAway(f"the broker was not reached: {error!r}") from error


def _connected(url: str, timeout_s: float = TIMEOUT_S) -> pika.BlockingConnection:
    nodes = [pika.URLParameters(address) for address in addresses.split(url)]
    for node in nodes:
        node.socket_timeout = node.stack_timeout = node.blocked_connection_timeout = timeout_s
    return pika.BlockingConnection(nodes)


def _depth(connection: pika.BlockingConnection, name: str) -> int:
    channel = connection.channel()
    try:
        count: int = channel.queue_declare(name, passive=True).method.message_count
    except ChannelClosedByBroker:
        return -1
    channel.close()
    return count


def _messages(channel: BlockingChannel, name: str) -> list[Message]:
    found: list[Message] = []
    while True:
        method, properties, body = channel.basic_get(name)
        if method is None or properties is None:
            return found  # closing the connection gives them all back
        found.append(Message(properties.type or "", properties.message_id or "", body or b""))
