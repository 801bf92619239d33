"""Publishes as fast as the broker confirms: one connection, many messages in flight, no thread that waits."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, takewhile

import pika
from pika.channel import Channel
from pika.frame import Method
from pika.spec import Basic

from bench.rounds import BenchFailed
from shared.contracts import SubmissionAccepted
from shared.messaging.message import ATTEMPT_HEADER
from shared.messaging.rabbitmq.connection import Connection

IN_FLIGHT_MOST = 4_000
AT_ONCE = 200
"""How many messages go into one write."""

_PROPERTIES = pika.BasicProperties(
    type=SubmissionAccepted.TYPE,
    content_type="application/json",
    delivery_mode=pika.DeliveryMode.Persistent,
    headers={ATTEMPT_HEADER: 0},
)


@dataclass(frozen=True, slots=True)
class Published:
    """How many messages were confirmed, and in which time."""

    confirmed: int
    took_s: float


def publish(url: str, messages: Iterable[tuple[str, bytes]], *, for_s: float | None = None) -> Published:
    """Publish each (queue, body) durably until all are confirmed, or `for_s` seconds are over.

    Raises `BenchFailed` where the broker does not take one, or goes away.
    """
    pipeline = _Pipeline(url, messages, for_s)
    pipeline.connection.ioloop.start()
    if pipeline.trouble:
        raise BenchFailed(f"could not publish: {pipeline.trouble}")
    return Published(pipeline.confirmed, pipeline.ended_s - pipeline.began_s)


class _Pipeline:
    def __init__(self, url: str, messages: Iterable[tuple[str, bytes]], for_s: float | None) -> None:
        self._messages = iter(messages)
        self._for_s = for_s
        self._pending: dict[int, None] = {}
        self._tag = 0
        self._channel: Channel | None = None
        self.confirmed = 0
        self.began_s = self.ended_s = 0.0
        self.trouble = ""
        self.connection = Connection(
            pika.URLParameters(url),
            on_open_callback=lambda connection: connection.channel(on_open_callback=self._opened),
            on_open_error_callback=lambda _, reason: self._end(str(reason)),
            on_close_callback=lambda _, reason: self._closed(str(reason)),
        )

    def _opened(self, channel: Channel) -> None:
        self._channel = channel
        channel.confirm_delivery(self._on_confirm)
        channel.add_on_return_callback(lambda *_: self._end("a message came back: no such queue"))
        self.began_s = time.monotonic()
        if self._for_s is not None:
            self.connection.ioloop.call_later(self._for_s, lambda: self._end(""))
        self._fill()

    def _fill(self) -> None:
        if self._channel is None or self.ended_s:
            return
        while len(self._pending) < IN_FLIGHT_MOST and (some := list(islice(self._messages, AT_ONCE))):
            with self.connection.one_write():
                for queue, body in some:
                    self._tag += 1
                    self._pending[self._tag] = None
                    self._channel.basic_publish("", queue, body, _PROPERTIES, mandatory=True)
        if not self._pending:
            self._end("")

    def _on_confirm(self, frame: Method[Basic.Ack | Basic.Nack]) -> None:
        confirm = frame.method
        if isinstance(confirm, Basic.Nack):
            self._end("the broker refused a message")
        tag = confirm.delivery_tag
        tags = list(takewhile(lambda one: one <= tag, self._pending)) if confirm.multiple else [tag]
        for one in tags:
            self._pending.pop(one, None)
        self.confirmed += len(tags)
        if len(self._pending) <= IN_FLIGHT_MOST - AT_ONCE:
            self._fill()

    def _end(self, trouble: str) -> None:
        if not self.ended_s:
            self.ended_s, self.trouble = time.monotonic(), trouble
            if self.connection.is_open:
                self.connection.close()
            else:
                self.connection.ioloop.stop()

    def _closed(self, reason: str) -> None:
        self._end(reason)
        self.connection.ioloop.stop()
