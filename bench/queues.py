"""The queues of a bench's own broker: declared, counted, emptied, filled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import pika
from pika.adapters.blocking_connection import BlockingChannel

from bench.wrk import BenchFailed
from dev.processes import poll
from shared.contracts import Source, SubmissionAccepted, encode, fingerprint
from shared.messaging.declare import declare
from shared.messaging.topology import WORK_QUEUES


class Queues:
    """All work queues of one broker."""

    def __init__(self, broker_url: str) -> None:
        self._parameters = pika.URLParameters(broker_url)
        declare(self._parameters)

    def waiting(self, queue: str) -> int:
        """Return how many messages are ready in a queue."""
        with self._channel() as channel:
            return _ready(channel, queue)

    def empty(self) -> None:
        """Purge every work queue until each stays empty: a server may still be working off what wrk left behind."""
        if not poll(self._purge, timeout_s=30, every_s=0.5):
            raise BenchFailed("the queues do not stay empty after a purge: somebody else publishes")

    def fill(self, queue: str, count: int) -> None:
        """Put `count` events straight into one empty queue and wait until all of them are ready in it.

        The channel stays open until they are: what a quorum queue has not yet taken from it may be lost when it closes.
        """
        with self._channel() as channel:
            for serial in range(count):
                channel.basic_publish("", queue, _body(serial), _PROPERTIES)
            if not poll(lambda: _ready(channel, queue) == count, timeout_s=120, every_s=0.2):
                raise BenchFailed(f"{queue} holds {_ready(channel, queue)} of {count} events")

    def _purge(self) -> bool:
        names = [work.name for work in WORK_QUEUES]
        left = sum(map(self.waiting, names))
        with self._channel() as channel:
            for name in names:
                channel.queue_purge(name)
        return left == 0

    @contextmanager
    def _channel(self) -> Iterator[BlockingChannel]:
        connection = pika.BlockingConnection(self._parameters)
        try:
            yield connection.channel()
        finally:
            connection.close()


def _ready(channel: BlockingChannel, queue: str) -> int:
    return int(channel.queue_declare(queue, passive=True).method.message_count)


_PROPERTIES = pika.BasicProperties(
    type=SubmissionAccepted.TYPE, content_type="application/json", delivery_mode=2, headers={"x-attempt": 0}
)


def _body(serial: int) -> bytes:
    fields = {"name": f"Ada Lovelace {serial}", "email": f"ada+{serial}@example.org"}
    moment = datetime.now(UTC)
    source = Source(ip="127.0.0.1", user_agent="bench")
    return encode(SubmissionAccepted(_uuid(serial), "signup", moment, fields, fingerprint(fields), source))


def _uuid(serial: int) -> UUID:
    """Spread the ids over the whole index, as random ones are."""
    return UUID(fingerprint({"serial": serial})[:32])


def as_json(value: object) -> str:
    """Return a value as the results are written."""
    return json.dumps(value, indent=2, sort_keys=True) + "\n"
