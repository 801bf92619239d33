"""Drains a queue and does nothing else: `python -m bench.limits.draining QUEUE COUNT [pika]`, BROKER_URL set.

The same connection, prefetch and acks as the storage service's, or with `pika` its consumer as it comes; and no message
is looked at. Prints how many a second.
"""

from __future__ import annotations

import os
import sys
import time
from functools import partial

import pika
from pika.channel import Channel

from shared.messaging.batching import BatchLimits
from shared.messaging.rabbitmq.connection import Connection

BATCH = BatchLimits(size=500)
"""As many to a batch as the storage service takes by default."""


class Draining:
    """Takes `count` messages from a queue, and acks each batch of them as one."""

    def __init__(self, url: str, queue: str, count: int, *, by_pika: bool) -> None:
        self._by_pika = by_pika
        self._queue = queue
        self._count = count
        self._taken = 0
        self._began_s = 0.0
        self.per_s = 0.0
        self.connection = Connection(
            pika.URLParameters(url),
            on_open_callback=lambda connection: connection.channel(on_open_callback=self._opened),
            on_open_error_callback=lambda *_: self.connection.ioloop.stop(),
            on_close_callback=lambda *_: self.connection.ioloop.stop(),
        )

    def _opened(self, channel: Channel) -> None:
        channel.basic_qos(prefetch_count=BATCH.prefetch)
        if self._by_pika:
            channel.basic_consume(self._queue, lambda _, method, *__: self._take(channel, method.delivery_tag or 0))
        else:
            self.connection.take_deliveries(channel, self._queue, partial(self._take, channel))

    def _take(self, channel: Channel, tag: int, *_: object) -> None:
        self._began_s = self._began_s or time.monotonic()
        self._taken += 1
        if self._taken % BATCH.size == 0 or self._taken == self._count:
            channel.basic_ack(tag, multiple=True)
        if self._taken == self._count:
            self.per_s = self._taken / (time.monotonic() - self._began_s)
            self.connection.close()


def main(queue: str, count: int, *, by_pika: bool) -> None:
    """Drain and print; exit with a message where the connection ended before."""
    draining = Draining(os.environ["BROKER_URL"], queue, count, by_pika=by_pika)
    draining.connection.ioloop.start()
    if not draining.per_s:
        sys.exit(f"the connection ended before {count} messages had come from {queue}")
    print(draining.per_s)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), by_pika=sys.argv[3:] == ["pika"])
