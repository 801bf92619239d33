"""The consumer against what RabbitMQ does to it: lost connections, messages that come back, a dying process."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pika
import pytest
from pika.channel import Channel

from dev.broker import Broker
from shared.contracts import SubmissionAccepted
from shared.messaging.batching import BatchLimits
from shared.messaging.failures import Delivery
from shared.messaging.incoming import POISON_AT
from shared.messaging.message import REASON_HEADER, message_of
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.rabbitmq.connection import Connection
from shared.messaging.rabbitmq.consumer import QueueSource
from shared.messaging.rabbitmq.declare import declare
from shared.messaging.topology import EVENTS, STORAGE
from shared.messaging.worker import GOOD_TO_CLEAR, SUSPECT_AT
from support.brokers import looker, running
from support.events import ACCEPTED, an_event
from support.polling import eventually

TIMEOUT_S = 30.0


class Recorder:
    """A handler that keeps the sizes of its batches and every id it saw, and can be held up."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.ids: list[str] = []
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, deliveries: Sequence[Delivery[SubmissionAccepted]]) -> None:
        self.reached.set()
        assert self.go_on.wait(TIMEOUT_S)
        self.sizes.append(len(deliveries))
        self.ids += [str(delivery.event.id) for delivery in deliveries]


@pytest.fixture
def url(broker_url: str) -> str:
    declare(pika.URLParameters(broker_url))
    return broker_url


def put(url: str, count: int) -> list[str]:
    events = [an_event() for _ in range(count)]
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for event in events:
            message = message_of(event)
            properties = pika.BasicProperties(type=message.type, message_id=message.id, delivery_mode=2)
            channel.basic_publish(EVENTS, message.type, message.body, properties)
    return [str(event.id) for event in events]


def return_all(url: str, count: int, times: int) -> None:
    """Take messages and die with them, as a consumer does that they kill."""
    for _ in range(times):
        with pika.BlockingConnection(pika.URLParameters(url)) as connection:
            taker = connection.channel()
            eventually(
                lambda taker=taker: taker.queue_declare(STORAGE.name, passive=True).method.message_count == count,  # type: ignore[misc]
                timeout_s=TIMEOUT_S,
                message="they are back",
            )
            for _ in range(count):
                assert taker.basic_get(STORAGE.name)[0] is not None


def test_messages_that_keep_coming_back_are_handled_one_at_a_time(url: str) -> None:
    suspects = put(url, 5)
    return_all(url, 5, SUSPECT_AT)
    ids = suspects + put(url, GOOD_TO_CLEAR + 100)
    handler = Recorder()
    with running(RabbitMQ(url, name="test").consumer(STORAGE, handler, BatchLimits(50, 0.05), ACCEPTED)):
        eventually(lambda: set(handler.ids) == set(ids), timeout_s=TIMEOUT_S, message="all are handled")
    assert handler.sizes[:GOOD_TO_CLEAR] == [1] * GOOD_TO_CLEAR
    assert max(handler.sizes) > 1, "it went back to batches"


def test_what_came_back_too_often_is_parked_unseen(url: str) -> None:
    [poison] = put(url, 1)
    return_all(url, 1, POISON_AT)
    [innocent] = put(url, 1)
    handler = Recorder()
    with running(RabbitMQ(url, name="test").consumer(STORAGE, handler, BatchLimits(50, 0.05), ACCEPTED)):
        eventually(lambda: handler.ids == [innocent], timeout_s=TIMEOUT_S, message="the innocent one is handled")
        queued = looker(url)
        eventually(lambda: len(queued(STORAGE.parked)) == 1, timeout_s=TIMEOUT_S, message="the poison is parked")
    [parked] = queued(STORAGE.parked)
    assert parked.id == poison
    assert f"came back {POISON_AT} times" in str(parked.headers[REASON_HEADER])


def test_an_ack_from_before_a_reconnect_does_no_harm(rabbitmq: Broker, url: str) -> None:
    ids = put(url, 30)
    handler = Recorder()
    handler.go_on.clear()
    with running(RabbitMQ(url, name="test").consumer(STORAGE, handler, BatchLimits(10, 0.05), ACCEPTED)):
        assert handler.reached.wait(TIMEOUT_S)
        rabbitmq.ctl("close_all_connections", "--global", "test")
        handler.go_on.set()  # the batch in hand is handled, and its ack belongs to a channel that is gone
        eventually(lambda: handler.ids.count(ids[0]) == 2, timeout_s=TIMEOUT_S, message="the first one came again")
        eventually(lambda: set(handler.ids) == set(ids), timeout_s=TIMEOUT_S, message="all are handled")
    assert looker(url)(STORAGE.name) == []


def test_an_ack_from_before_a_reconnect_acks_nothing_that_came_after_it(rabbitmq: Broker, url: str) -> None:
    put(url, 2)
    source = QueueSource(url, "test", STORAGE.name, prefetch=1)
    try:
        before = eventually(lambda: source.get(1.0), timeout_s=TIMEOUT_S, message="the first one came")
        rabbitmq.ctl("close_all_connections", "--global", "test")
        after = eventually(lambda: source.get(1.0), timeout_s=TIMEOUT_S, message="it came again")
        assert after.tag == before.tag, "vacuous: the ack could not be mistaken"
        source.ack(before, multiple=True)
    finally:
        source.close()
    queued = looker(url)
    eventually(lambda: len(queued(STORAGE.name)) == 2, timeout_s=TIMEOUT_S, message="both are on the queue again")


def test_who_may_not_consume_is_not_ready_says_why_and_pauses(url: str) -> None:
    """An open channel is no success: only what it is for ends the growing pauses."""
    source = QueueSource(url, "test consumer", "no.such.queue", prefetch=1)
    opened, open_ = list[float](), source._link._on_channel

    def opening(connection: Connection, channel: Channel) -> None:
        opened.append(time.monotonic())
        open_(connection, channel)

    source._link._on_channel = opening
    try:
        eventually(lambda: len(opened) > 2, TIMEOUT_S, "it tries again")
        until_s, seen = time.monotonic() + 8, set[str]()
        while time.monotonic() < until_s:
            [problem] = source.missing()
            seen.add(problem)
            time.sleep(0.01)
    finally:
        source.close()
    assert len(seen) == 1, "it comes and goes"
    assert "cannot consume no.such.queue: connection lost: the broker closed the channel: (404, " in seen.pop()
    assert len(opened) < 20, "as often as a channel opens: without the pauses some thirty times"
