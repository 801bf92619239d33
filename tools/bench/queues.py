"""Declares, fills, counts and empties the queues of a bench's own broker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker

from bench.peers.flask_celery import QUEUE as CELERY_QUEUE
from bench.pipeline import publish
from bench.rounds import BenchFailed
from dev.processes import poll
from shared.messaging.rabbitmq.declare import declare
from shared.messaging.topology import WORK_QUEUES

_NAMES = (*(work.name for work in WORK_QUEUES), CELERY_QUEUE)


class Queues:
    """All queues of one broker that anybody publishes to."""

    def __init__(self, broker_url: str) -> None:
        self._url = broker_url
        declare(pika.URLParameters(broker_url))

    def waiting(self, queue: str) -> int:
        """Return how many messages are ready in a queue; none where there is no such queue."""
        return self._counts(queue)[0]

    def consumers(self, queue: str) -> int:
        """Return how many consume a queue."""
        return self._counts(queue)[1]

    def empty(self) -> None:
        """Purge every queue until each stays empty: a server may still be working off what wrk left behind."""
        if not poll(self._purge, timeout_s=30, every_s=0.2):
            raise BenchFailed("the queues do not stay empty after a purge: somebody else publishes")

    def fill(self, queue: str, bodies: Iterable[bytes]) -> int:
        """Put events straight into a queue, each confirmed, and return how many these were."""
        return publish(self._url, ((queue, body) for body in bodies)).confirmed

    def _counts(self, queue: str) -> tuple[int, int]:
        with self._channel() as channel:
            try:
                found = channel.queue_declare(queue, passive=True).method
            except ChannelClosedByBroker:
                return 0, 0
            return int(found.message_count), int(found.consumer_count)

    def _purge(self) -> bool:
        holding = [name for name in _NAMES if self.waiting(name)]
        with self._channel() as channel:
            for name in holding:
                channel.queue_purge(name)
        return not holding

    @contextmanager
    def _channel(self) -> Iterator[BlockingChannel]:
        connection = pika.BlockingConnection(pika.URLParameters(self._url))
        try:
            yield connection.channel()
        finally:
            connection.close()
