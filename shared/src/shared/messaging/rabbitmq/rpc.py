"""This module asks and answers queries over RabbitMQ's direct reply-to.

Source: RabbitMQ's page "Direct Reply-to".
"""

from __future__ import annotations

import functools
import itertools
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pika
from pika import DeliveryMode
from pika.channel import Channel
from pika.spec import Basic

from shared.messaging.broker import Answer, NoAnswer, Params, QueryMethod
from shared.messaging.queries import pack_query, reply_to, unpack_reply
from shared.messaging.rabbitmq.askers import Askers, user_in
from shared.messaging.rabbitmq.connection import Connection
from shared.messaging.rabbitmq.link import Link
from shared.messaging.rabbitmq.preparation import Preparation
from shared.messaging.rabbitmq.renewal import RENEW_EVERY_S, when_due
from shared.messaging.topology import DEFAULT_EXCHANGE

REPLY_TO = "amq.rabbitmq.reply-to"
TYPE = "query.v1"

PREFETCH = 16
"""How many queries a server takes ahead: the others wait in the queue, whose time to live ends those nobody awaits."""


class PendingQuery:
    """A query on its way; see `broker.Pending`."""

    def __init__(self, forget: Callable[[], object]) -> None:
        self._forget = forget
        self._done = threading.Event()
        self._reply: bytes | None = None

    def finish(self, reply: bytes | None) -> None:
        """Hand over the reply; None where there will be none."""
        self._reply = reply
        self._done.set()

    def answer(self, *, timeout_s: float) -> Answer:
        """Wait for the answer; raises `NoAnswer` or `QueryFailed`."""
        self._done.wait(timeout_s)
        self._forget()
        if self._reply is None:
            raise NoAnswer
        return unpack_reply(self._reply)


class QueryClient:
    """Asks over one connection; see `broker.RpcClient`."""

    def __init__(self, url: str, name: str, *, preparation: Preparation | None = None) -> None:
        self._channel: Channel | None = None
        self._numbers = itertools.count(1)
        self._asked: dict[str, PendingQuery] = {}
        self._user = user_in(url)
        self._link = Link(
            url, name, purpose="ask queries", on_channel=self._opened, on_lost=self._lost, preparation=preparation
        )

    def ask(self, queue: str, method: str, params: Params, *, is_named: bool = False) -> PendingQuery:
        """Send a query and return at once; see `broker.RpcClient`."""
        number = str(next(self._numbers))
        pending = self._asked[number] = PendingQuery(lambda: self._asked.pop(number, None))
        body = pack_query(method, params)
        user = self._user if is_named else None
        if not self._link.call(lambda: self._send(queue, body, number, user)):
            pending.finish(None)
        return pending

    def close(self) -> None:
        """Close the connection; whatever waits gets `NoAnswer`."""
        self._link.close()

    def stuck(self) -> list[str]:
        """Return a word about the I/O thread where it does not turn any more."""
        return self._link.stuck()

    def _opened(self, _connection: Connection, channel: Channel) -> None:
        channel.add_on_return_callback(self._returned)
        channel.basic_consume(REPLY_TO, self._arrived, auto_ack=True, callback=lambda _: self._link.worked())
        self._channel = channel

    def _lost(self) -> None:
        self._channel = None
        for number in list(self._asked):
            self._finish(number, None)

    def _send(self, queue: str, body: bytes, number: str, user: str | None) -> None:
        if self._channel is None:
            self._finish(number, None)
            return
        properties = pika.BasicProperties(
            type=TYPE,
            correlation_id=number,
            reply_to=REPLY_TO,
            delivery_mode=DeliveryMode.Transient,
            user_id=user,
        )
        self._channel.basic_publish(DEFAULT_EXCHANGE, queue, body, properties, mandatory=True)

    def _arrived(self, _: Channel, __: Basic.Deliver, properties: pika.BasicProperties, body: bytes) -> None:
        self._finish(properties.correlation_id, body)

    def _returned(self, _: Channel, __: Basic.Return, properties: pika.BasicProperties, ___: bytes) -> None:
        self._finish(properties.correlation_id, None)

    def _finish(self, number: str | None, reply: bytes | None) -> None:
        pending = self._asked.pop(number or "", None)
        if pending is not None:
            pending.finish(reply)


class QueryServer:
    """Answers the queries of one queue, one at a time, from a thread of its own.

    Every `renew_every_s` at most, with jitter, it takes no more, answers all that it has, and goes on over another
    channel: a query in hand is not run twice for that.
    """

    def __init__(
        self,
        url: str,
        name: str,
        queue_name: str,
        methods: Mapping[str, QueryMethod],
        *,
        console_only: Mapping[str, QueryMethod] | None = None,
        renew_every_s: float = RENEW_EVERY_S,
        preparation: Preparation | None = None,
    ) -> None:
        self._renew_every_s = renew_every_s
        self._queue_name = queue_name
        self._askers = Askers(url, methods, console_only or {})
        self._channel: Channel | None = None
        self._consumer_tag = ""
        self._unacked: set[int] = set()
        self._is_renewing = False
        self._arrived: queue.SimpleQueue[_Query | None] = queue.SimpleQueue()
        purpose = f"consume {queue_name}"
        self._link = Link(
            url, name, purpose=purpose, on_channel=self._opened, on_lost=self._lost, preparation=preparation
        )
        self._thread = threading.Thread(target=self._run, name=f"{name} answers", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._link.close()
        self._arrived.put(None)
        self._thread.join(5.0)

    def stuck(self) -> list[str]:
        """Return a word about the I/O thread where it does not turn any more."""
        return self._link.stuck()

    def _opened(self, connection: Connection, channel: Channel) -> None:
        self._channel = channel
        self._is_renewing = False
        self._unacked.clear()
        channel.basic_qos(prefetch_count=PREFETCH)
        self._consumer_tag = channel.basic_consume(self._queue_name, self._take, callback=lambda _: self._link.worked())
        when_due(connection, self._renew_every_s, lambda: self._renew(connection, channel))

    def _renew(self, connection: Connection, channel: Channel) -> None:
        if channel is not self._channel:
            return
        when_due(connection, self._renew_every_s, lambda: self._renew(connection, channel))
        if self._is_renewing and not self._unacked:
            connection.drop("the broker does not answer")
        elif not self._is_renewing and channel.is_open:
            self._is_renewing = True
            channel.basic_cancel(self._consumer_tag)
            self._close_if_acked(channel)

    def _close_if_acked(self, channel: Channel) -> None:
        if self._is_renewing and not self._unacked:
            channel.close()  # the link opens another

    def _lost(self) -> None:
        self._channel = None

    def _take(self, channel: Channel, method: Basic.Deliver, properties: pika.BasicProperties, body: bytes) -> None:
        tag = method.delivery_tag or 0
        self._unacked.add(tag)
        self._arrived.put(_Query(channel, tag, properties, body))

    def _run(self) -> None:
        while (query := self._arrived.get()) is not None:
            if query.channel is self._channel:  # else the broker has taken it back, and delivers it anew
                reply = reply_to(query.body, self._askers.methods_for(query.properties.user_id))
                self._link.call(functools.partial(self._reply, query, reply))

    def _reply(self, query: _Query, reply: bytes) -> None:
        if self._channel is not query.channel:
            return  # the connection it came over is gone, and whoever asked has given up
        if query.properties.reply_to:
            properties = pika.BasicProperties(
                type=TYPE, correlation_id=query.properties.correlation_id, delivery_mode=DeliveryMode.Transient
            )
            query.channel.basic_publish(DEFAULT_EXCHANGE, query.properties.reply_to, reply, properties)
        query.channel.basic_ack(query.tag)
        self._unacked.discard(query.tag)
        self._close_if_acked(query.channel)


@dataclass(frozen=True, slots=True)
class _Query:
    channel: Channel
    tag: int
    properties: pika.BasicProperties
    body: bytes
