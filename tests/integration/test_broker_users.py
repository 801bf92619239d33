"""The broker's users: each service does its work with its own, and may not do another's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker

from credentials.broker import PERMISSIONS, definitions
from dev.broker import Broker
from shared.contracts import Announcement, SubmissionsStored
from shared.messaging.batching import BatchLimits
from shared.messaging.broker import Answer, Closable, NoAnswer, QueryFailed, RpcClient
from shared.messaging.failures import PermanentFailure, RetryLater
from shared.messaging.incoming import Incoming
from shared.messaging.message import Message, message_of
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.rabbitmq.declare import declare
from shared.messaging.routes import to
from shared.messaging.topology import (
    EVENTS,
    LIVE,
    NOTIFY_QUERIES,
    NOTIFY_REQUESTS,
    NOTIFY_SUBMISSIONS,
    PARKED,
    QUEUES,
    STORAGE,
    STORAGE_QUERIES,
)
from support.brokers import TIMEOUT_S, Recorder, publish, running, seen
from support.events import ACCEPTED, ACCEPTED_AT, an_event
from support.polling import eventually
from support.queues import Queues
from support.service import run

Urls = Mapping[str, str]
REFUSED = 403


def users_of(rabbitmq: Broker, url: str, directory: Path) -> Urls:
    """Make the users on one virtual host, and return its address for each of them."""
    vhost = urlsplit(url).path.removeprefix("/")
    passwords = {name: f"password-of-{name}" for name in PERMISSIONS}
    file = directory / "definitions.json"
    file.write_text(definitions(passwords, vhost))
    rabbitmq.ctl("import_definitions", str(file))
    host = urlsplit(url).netloc.rpartition("@")[2]
    return {name: f"amqp://{name}:{password}@{host}/{vhost}" for name, password in passwords.items()}


@pytest.fixture(scope="module")
def shared_url(rabbitmq: Broker) -> Iterator[str]:
    """The address of one virtual host for all that is refused here."""
    url = rabbitmq.fresh_vhost()
    yield url
    rabbitmq.retire(url)


@pytest.fixture(scope="module")
def urls(rabbitmq: Broker, shared_url: str, tmp_path_factory: pytest.TempPathFactory) -> Urls:
    """The address for each of the users, with everything declared, as the one-shot `topology` does."""
    made = users_of(rabbitmq, shared_url, tmp_path_factory.mktemp("users"))
    declare(pika.URLParameters(made["topology"]))
    return made


@pytest.mark.parametrize("name", sorted(set(PERMISSIONS) - {"console"}))
def test_each_declares_what_stands(urls: Urls, name: str) -> None:
    assert not declare(pika.URLParameters(urls[name])), "nothing was missing"


def test_services_make_anew_what_was_lost_without_help(rabbitmq: Broker, broker_url: str, tmp_path: Path) -> None:
    bare = users_of(rabbitmq, broker_url, tmp_path)
    parts = [RabbitMQ(bare[name], name=name).publisher() for name in ("gateway", "storage", "notify")]
    try:
        eventually(lambda: not any(part.missing() for part in parts), 30, "each has found or made all of it")
    finally:
        for part in parts:
            part.close()
    names = [queue.name for queue in QUEUES]
    Queues(broker_url).on_channel(lambda channel: [channel.queue_declare(name, passive=True) for name in names])


def test_a_submission_goes_all_its_ways(urls: Urls, shared_url: str) -> None:
    gateway, storage = (RabbitMQ(urls[name], name=name) for name in ("gateway", "storage"))
    publisher, rpc, announcer = gateway.publisher(), gateway.rpc_client(), storage.announcer()
    answering = storage.serve(STORAGE_QUERIES, {"double": lambda params: {"twice": params["n"] * 2}})
    heard: list[Announcement] = []
    watching = gateway.watch(heard.append)
    eventually(lambda: not publisher.missing(), TIMEOUT_S, "the gateway is ready")
    [good, bad] = publish(publisher, 2)
    handler = Recorder()
    handler.fails[bad] = PermanentFailure("will never do")
    handler.fail_once = [RetryLater("not now", after_s=0.1)]
    stored = SubmissionsStored((an_event().id,), ACCEPTED_AT)

    def announced() -> bool:
        announcer.announce(stored)
        return stored in heard

    try:
        with running(storage.consumer(STORAGE, handler, BatchLimits(1, 0.02), ACCEPTED)):
            eventually(lambda: {good, bad} <= seen(handler), TIMEOUT_S, "both are handled, one after a delay level")
            eventually(lambda: Queues(shared_url).depth(STORAGE.parked) == 1, TIMEOUT_S, "the bad one is parked")
        kept: list[Incoming] = []
        collecting = storage.collect(STORAGE.parked, kept.append)
        eventually(lambda: [one.message_id for one in kept] == [bad], TIMEOUT_S, "storage keeps the bad one")
        collecting.close()
        replaying = storage.publisher()
        again = Message(kept[0].type, bad, kept[0].body)
        eventually(lambda: not replaying.missing(), TIMEOUT_S, "it can publish")
        replaying.publish(again, timeout_s=TIMEOUT_S, to=to(STORAGE))
        replaying.close()
        assert bad in [properties.message_id for _, properties in Queues(shared_url).peek(STORAGE.name)]
        assert eventually(lambda: rpc.ask(STORAGE_QUERIES, "double", {"n": 2}), 1, "asked").answer(timeout_s=10)
        eventually(announced, TIMEOUT_S, "the gateway hears of it")
        assert Queues(shared_url).depth(NOTIFY_SUBMISSIONS.name) == 2
    finally:
        for part in (watching, answering, announcer, rpc, publisher):
            part.close()


@pytest.mark.parametrize("queue", [STORAGE.name, NOTIFY_SUBMISSIONS.name, STORAGE.parked, NOTIFY_QUERIES])
def test_the_gateway_neither_reads_nor_purges_what_is_not_its_own(urls: Urls, queue: str) -> None:
    assert refused(urls["gateway"], partial(BlockingChannel.basic_get, queue=queue))
    assert refused(urls["gateway"], partial(BlockingChannel.queue_purge, queue=queue))


@pytest.mark.parametrize(
    ("user", "theirs"),
    [("storage", [NOTIFY_SUBMISSIONS.name, NOTIFY_SUBMISSIONS.parked]), ("notify", [STORAGE.name, STORAGE.parked])],
)
def test_storage_and_notify_read_their_own_alone_and_publish_no_events(
    urls: Urls, user: str, theirs: list[str]
) -> None:
    for queue in theirs:
        assert refused(urls[user], partial(BlockingChannel.basic_get, queue=queue))
        assert refused(urls[user], partial(BlockingChannel.queue_purge, queue=queue))
    event = message_of(an_event())
    assert refused(urls[user], lambda channel: publish_by_hand(channel, EVENTS, event.type))


@pytest.mark.parametrize("exchange", [EVENTS, LIVE, PARKED])
def test_the_gateway_publishes_to_queues_by_their_names_alone(urls: Urls, exchange: str) -> None:
    assert refused(urls["gateway"], lambda channel: publish_by_hand(channel, exchange, "anything"))


def test_the_console_does_its_work_and_declares_nothing(urls: Urls) -> None:
    console, gateway = RabbitMQ(urls["console"], name="console", declares=False), RabbitMQ(urls["gateway"], name="g")
    answering = RabbitMQ(urls["notify"], name="n").serve(NOTIFY_QUERIES, {"one": lambda _: {"attempts": 2}})
    seen_by_console, seen_by_gateway = list[Announcement](), list[Announcement]()
    watching = [console.watch(seen_by_console.append), gateway.watch(seen_by_gateway.append)]
    publisher, announcer, rpc = console.publisher(), console.announcer(), console.rpc_client()
    stored = SubmissionsStored((an_event().id,), ACCEPTED_AT)

    def announced() -> bool:
        announcer.announce(stored)
        return stored in seen_by_console and stored in seen_by_gateway

    try:
        eventually(lambda: not publisher.missing(), TIMEOUT_S, "it can publish")
        publisher.publish(Message("any", "of the outbox", b"{}"), timeout_s=TIMEOUT_S, to=to(NOTIFY_REQUESTS))
        eventually(announced, TIMEOUT_S, "both hear of it")
        assert eventually(partial(answer, rpc, NOTIFY_QUERIES), TIMEOUT_S, "notify answers") == {"attempts": 2}
        assert console.stuck() == []
    finally:
        for part in list[Closable]([*watching, publisher, announcer, rpc, answering]):
            part.close()


@pytest.mark.parametrize("queue", [STORAGE_QUERIES, NOTIFY_QUERIES])
def test_what_erases_is_answered_to_the_console_alone(urls: Urls, queue: str) -> None:
    """Whoever has broken into the gateway may write to every queue."""
    service, asked = queue.split(".", maxsplit=1)[0], list[Mapping[str, Any]]()

    def forget(params: Mapping[str, Any]) -> Answer:
        asked.append(params)
        return {"forgotten": 1}

    answering = RabbitMQ(urls[service], name=service).serve(queue, {"one": lambda _: {"1": 1}}, {"forget": forget})
    console, gateway = RabbitMQ(urls["console"], name="c", declares=False), RabbitMQ(urls["gateway"], name="g")
    hers, theirs = console.rpc_client(), gateway.rpc_client()
    try:
        for client in (hers, theirs):
            eventually(partial(answer, client, queue), TIMEOUT_S, "it is answered")
        for is_named in (True, False):
            with pytest.raises(QueryFailed, match="NotTheConsole"):
                theirs.ask(queue, "forget", {}, is_named=is_named).answer(timeout_s=TIMEOUT_S)
        assert asked == []
        assert hers.ask(queue, "forget", {}, is_named=True).answer(timeout_s=TIMEOUT_S) == {"forgotten": 1}
        lying = pika.BasicProperties(user_id="console")
        with pytest.raises(ChannelClosedByBroker, match="user_id property set to 'console'"):
            by_hand(urls["gateway"], queue, lying)
    finally:
        for part in list[Closable]([hers, theirs, answering]):
            part.close()


@pytest.mark.parametrize("queue", sorted({queue.name for queue in QUEUES}))
def test_a_console_that_was_broken_into_has_no_queue(urls: Urls, queue: str) -> None:
    for act in (
        partial(BlockingChannel.basic_get, queue=queue),
        partial(BlockingChannel.queue_purge, queue=queue),
        partial(BlockingChannel.queue_delete, queue=queue),
        partial(BlockingChannel.queue_bind, queue=queue, exchange=LIVE, routing_key="#"),
        partial(BlockingChannel.queue_declare, queue=f"{queue}.of-its-own", durable=True),
    ):
        assert refused(urls["console"], act), act


@pytest.mark.parametrize("exchange", [EVENTS, PARKED])
def test_the_console_copies_and_publishes_no_events(urls: Urls, exchange: str) -> None:
    assert refused(urls["console"], lambda channel: publish_by_hand(channel, exchange, "anything"))
    assert refused(urls["console"], lambda channel: bind_a_queue(channel, exchange))
    assert refused(urls["console"], partial(BlockingChannel.exchange_delete, exchange=exchange))


def test_a_console_waits_for_what_others_declare_and_says_so(rabbitmq: Broker, broker_url: str, tmp_path: Path) -> None:
    bare = users_of(rabbitmq, broker_url, tmp_path)
    publisher = RabbitMQ(bare["console"], name="console", declares=False).publisher()
    try:
        missing = f"broker: {LIVE} is missing: storage, notify or `python -m shared.messaging` declares it"
        eventually(lambda: publisher.missing() == [missing], TIMEOUT_S, "it says what is missing")
        declare(pika.URLParameters(bare["topology"]))
        eventually(lambda: not publisher.missing(), TIMEOUT_S, "it goes on by itself")
    finally:
        publisher.close()


def answer(rpc: RpcClient, queue: str) -> Answer | None:
    """Return the answer to `one`; None where there is none yet, as before the connection stands."""
    try:
        return rpc.ask(queue, "one", {}).answer(timeout_s=1)
    except NoAnswer:
        return None


def bind_a_queue(channel: BlockingChannel, exchange: str) -> None:
    name = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(name, exchange, "#")


def publish_by_hand(channel: BlockingChannel, exchange: str, routing_key: str) -> None:
    channel.confirm_delivery()
    channel.basic_publish(exchange, routing_key, b"{}")


def by_hand(url: str, queue: str, properties: pika.BasicProperties) -> None:
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish("", queue, b"{}", properties)


def refused(url: str, act: Callable[[BlockingChannel], object]) -> bool:
    """Say whether the broker refuses an action for want of a permission."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        try:
            act(connection.channel())
        except ChannelClosedByBroker as error:
            return bool(error.reply_code == REFUSED)
    return False


def test_the_one_shot_declares_at_the_first_node_that_answers_and_says_why_none_does(urls: Urls) -> None:
    nowhere = f"amqp://topology:x@127.0.0.1:1{urlsplit(urls['topology']).path}"
    run("shared.messaging", settings={"COUNTERFOIL_BROKER_URL": f"{nowhere},{urls['topology']}"})
    with pytest.raises(AssertionError, match=r"COUNTERFOIL_BROKER_URL: the broker cannot be reached.* 127\.0\.0\.1: "):
        run("shared.messaging", settings={"COUNTERFOIL_BROKER_URL": nowhere})
