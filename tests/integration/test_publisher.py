"""The publisher against a RabbitMQ that is killed, frozen, under an alarm, or declared otherwise."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import pika
import pytest
from structlog.testing import capture_logs

from dev.broker import Broker
from shared.contracts import SubmissionAccepted
from shared.messaging.broker import NotConfirmed
from shared.messaging.message import PROBE_TYPE, message_of
from shared.messaging.rabbitmq.publisher import DECLARE_EVERY_S, ConfirmingPublisher
from shared.messaging.topology import EVENTS, NOTIFY_SUBMISSIONS, STORAGE
from support.events import an_event
from support.faulty.of_the_network import Treated
from support.faulty.proxy import Proxy
from support.faulty.treatments import Hold
from support.polling import eventually
from support.queues import Queues
from support.registry import await_written_down

TIMEOUT_S = 30.0


@pytest.fixture
def own_broker(mortal_broker: Broker) -> Broker:
    """A node that a test may kill, freeze or put under an alarm."""
    return mortal_broker


@contextmanager
def publishing(url: str, *, declare_every_s: float = DECLARE_EVERY_S) -> Iterator[ConfirmingPublisher]:
    publisher = ConfirmingPublisher(url, "test publisher", declare_every_s=declare_every_s)
    try:
        ready(publisher)
        yield publisher
    finally:
        publisher.close()


def ready(publisher: ConfirmingPublisher) -> None:
    eventually(lambda: not publisher.missing(), timeout_s=TIMEOUT_S, message=f"the publisher is ready: {publisher}")


def publish(publisher: ConfirmingPublisher, *, timeout_s: float = 3.0) -> str:
    event = an_event()
    publisher.publish(message_of(event), timeout_s=timeout_s)
    return str(event.id)


def stored_ids(url: str) -> list[str]:
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        found = []
        while (got := channel.basic_get(STORAGE.name, auto_ack=True))[0] is not None:
            assert got[1] is not None
            found.append(got[1].message_id or "")
        return found


@dataclass
class Load:
    """What became of the publishes of many threads: confirmed ids, and how long each refusal took, in seconds."""

    confirmed: list[str] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)


@contextmanager
def loading(publisher: ConfirmingPublisher, *, threads: int, timeout_s: float) -> Iterator[Load]:
    """Publish from many threads for as long as the `with` lasts, however it ends."""
    load, enough = Load(), threading.Event()

    def keep_publishing() -> None:
        while not enough.is_set():
            started = time.monotonic()
            try:
                load.confirmed.append(publish(publisher, timeout_s=timeout_s))
            except NotConfirmed:
                load.refused_s.append(time.monotonic() - started)

    with ThreadPoolExecutor(threads) as pool:
        tasks = [pool.submit(keep_publishing) for _ in range(threads)]
        try:
            yield load
        finally:
            enough.set()
        for task in tasks:
            task.result()


def test_a_killed_broker_costs_nothing_that_was_confirmed(own_broker: Broker) -> None:
    url = own_broker.fresh_vhost()
    with publishing(url) as publisher, loading(publisher, threads=8, timeout_s=3.0) as load:
        eventually(lambda: len(load.confirmed) > 200, timeout_s=TIMEOUT_S, message="publishes are confirmed")
        await_written_down(own_broker, url)
        own_broker.kill()
        eventually(lambda: load.refused_s, timeout_s=TIMEOUT_S, message="a publish is refused: the kill was felt")
        own_broker.start()
        healed = time.monotonic()
        before = len(load.confirmed)
        eventually(lambda: len(load.confirmed) > before + 200, timeout_s=TIMEOUT_S, message="publishes go on")
        took_s = time.monotonic() - healed
    assert took_s < 10
    assert max(load.refused_s) < 4, "a refusal came later than its deadline and a second"
    assert set(load.confirmed) <= set(stored_ids(url))


def test_what_is_larger_than_a_frame_arrives_whole_among_others(own_broker: Broker) -> None:
    url = own_broker.fresh_vhost()
    large = an_event(name="Ada Lovelace", message="x" * 400_000)
    with publishing(url) as publisher, ThreadPoolExecutor(8) as pool:
        sending = [pool.submit(publish, publisher) for _ in range(20)]
        publisher.publish(message_of(large), timeout_s=TIMEOUT_S)
        small = [task.result() for task in sending]
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        got = [channel.basic_get(STORAGE.name, auto_ack=True) for _ in range(21)]
    bodies = {properties.message_id: body for _, properties, body in got if properties is not None}
    assert bodies.keys() == {*small, str(large.id)}
    assert bodies[str(large.id)] == message_of(large).body


def test_what_is_pending_when_the_connection_is_lost_is_published_again(own_broker: Broker) -> None:
    url = own_broker.fresh_vhost()
    with (
        capture_logs() as logs,
        publishing(url) as publisher,
        loading(publisher, threads=16, timeout_s=TIMEOUT_S) as load,
    ):
        for _ in range(3):
            own_broker.ctl("close_all_connections", "--global", "test")
    assert sum(entry["event"] == "not connected" for entry in logs) >= 2, "no connection was lost"
    assert load.refused_s == []
    assert set(load.confirmed) == set(stored_ids(url))


def test_a_frozen_broker_is_refused_in_time_and_found_again(own_broker: Broker) -> None:
    with publishing(own_broker.fresh_vhost()) as publisher:
        publish(publisher)
        own_broker.pause()
        try:
            started = time.monotonic()
            with pytest.raises(NotConfirmed) as refused:
                publish(publisher, timeout_s=1.0)
            assert refused.value.refusal == "timeout"
            assert time.monotonic() - started < 5, "it waits for as long as it is told, not for the broker"
        finally:
            own_broker.resume()
        ready(publisher)
        publish(publisher, timeout_s=TIMEOUT_S)


def test_an_alarm_is_told_at_once_and_its_end_too(own_broker: Broker) -> None:
    url = own_broker.fresh_vhost()
    with publishing(url) as publisher:
        own_broker.ctl("set_vm_memory_high_watermark", "absolute", "1MB")
        try:
            eventually(lambda: _is_blocked(publisher), timeout_s=TIMEOUT_S, message="the alarm is felt")
            assert "alarm" in publisher.missing()[0]
            started = time.monotonic()
            with pytest.raises(NotConfirmed) as refused:
                publish(publisher)
            assert refused.value.refusal == "blocked"
            assert time.monotonic() - started < 5, f"at once, not after {TIMEOUT_S:g} s"
            late = ConfirmingPublisher(url, "late publisher")  # it must not call itself ready under the alarm
            eventually(lambda: "alarm" in "".join(late.missing()), timeout_s=TIMEOUT_S, message="it says why")
            late.close()
        finally:
            own_broker.ctl("set_vm_memory_high_watermark", "0.6")
        ready(publisher)
        publish(publisher, timeout_s=TIMEOUT_S)


def _is_blocked(publisher: ConfirmingPublisher) -> bool:
    try:
        publish(publisher, timeout_s=0.5)
    except NotConfirmed as error:
        return error.refusal == "blocked"
    return False


def test_a_queue_with_other_arguments_keeps_it_from_being_ready_and_is_left_alone(broker_url: str) -> None:
    with pika.BlockingConnection(pika.URLParameters(broker_url)) as connection:
        channel = connection.channel()
        channel.queue_declare(STORAGE.name, durable=True, arguments={"x-max-length": 5})
        channel.basic_publish("", STORAGE.name, b"precious")
        publisher = ConfirmingPublisher(broker_url, "test publisher")
        try:
            eventually(
                lambda: any(
                    "other arguments" in problem and STORAGE.name in problem for problem in publisher.missing()
                ),
                timeout_s=TIMEOUT_S,
                message=f"the difference is named: {publisher.missing()}",
            )
            with pytest.raises(NotConfirmed):
                publish(publisher, timeout_s=0.2)
        finally:
            publisher.close()
        assert channel.basic_get(STORAGE.name, auto_ack=True)[2] == b"precious"


def await_binding(connection: pika.BlockingConnection, url: str) -> None:
    channel = connection.channel()

    def arrives() -> bool:
        channel.basic_publish(EVENTS, SubmissionAccepted.TYPE, b"anybody's")
        return bool(stored_ids(url))

    eventually(arrives, timeout_s=TIMEOUT_S, message="the queue is bound again")


def test_a_binding_that_was_deleted_costs_nothing_and_is_put_back(broker_url: str) -> None:
    own_connection = pika.BlockingConnection(pika.URLParameters(broker_url))
    with publishing(broker_url, declare_every_s=2.0) as publisher, own_connection as connection:
        connection.channel().queue_unbind(STORAGE.name, EVENTS, SubmissionAccepted.TYPE)
        assert publish(publisher) in stored_ids(broker_url), "confirmed, and missed by a queue"
        await_binding(connection, broker_url)


@contextmanager
def no_new_threads() -> Iterator[None]:
    """Let no thread start, as at a limit of the machine's."""
    before = threading.stack_size(2**46)
    try:
        yield
    finally:
        threading.stack_size(before)


def test_the_topology_is_declared_again_after_a_time_without_threads(broker_url: str) -> None:
    own_connection = pika.BlockingConnection(pika.URLParameters(broker_url))
    with publishing(broker_url, declare_every_s=0.2), own_connection as connection:
        with capture_logs() as logs, no_new_threads():
            tried = lambda: any(one["event"] == "could not declare again" for one in logs)  # noqa: E731
            eventually(tried, timeout_s=TIMEOUT_S, message="it was tried")
        connection.channel().queue_unbind(STORAGE.name, EVENTS, SubmissionAccepted.TYPE)
        await_binding(connection, broker_url)


def test_a_queue_that_was_deleted_is_made_again_before_anything_is_confirmed(broker_url: str) -> None:
    with publishing(broker_url, declare_every_s=3600.0) as publisher:  # it must not rely on luck
        with pika.BlockingConnection(pika.URLParameters(broker_url)) as connection:
            connection.channel().queue_delete(STORAGE.name)
        confirmed = publish(publisher, timeout_s=TIMEOUT_S)
        assert confirmed in stored_ids(broker_url)


def test_a_confirm_that_is_read_together_with_a_return_is_not_believed(rabbitmq: Broker, broker_url: str) -> None:
    proxy, queues = Proxy(rabbitmq.port), Queues(broker_url)
    proxy.start()
    held = Treated(proxy, "chunks stalled", {"to client": Hold()})
    try:
        with publishing(proxy.url_of(broker_url)) as publisher, ThreadPoolExecutor(2) as pool:
            held.inject()
            pool.submit(publish, publisher, timeout_s=TIMEOUT_S)
            eventually(lambda: held.evidence()["chunks stalled"], TIMEOUT_S, "its confirm is held, and all behind it")
            queues.on_channel(lambda channel: channel.queue_delete(STORAGE.name))
            missed = pool.submit(publish, publisher, timeout_s=TIMEOUT_S)
            eventually(lambda: queues.depth(NOTIFY_SUBMISSIONS.name) == 2, TIMEOUT_S, "the other queue has both")
            eventually(lambda: not unconfirmed(rabbitmq, broker_url), TIMEOUT_S, "return and confirm are on their way")
            held.heal()
            assert missed.result() in stored_ids(broker_url), "confirmed, and missed by a queue"
    finally:
        proxy.stop()


def unconfirmed(broker: Broker, url: str) -> int:
    """Return how many publishes the broker has not answered yet."""
    asked = ("list_channels", "-p", url.rpartition("/")[2], "messages_unconfirmed", "--formatter", "json")
    return sum(each["messages_unconfirmed"] for each in json.loads(broker.ctl(*asked)))


def test_queues_that_refuse_make_it_unready_until_they_confirm_again(rabbitmq: Broker, broker_url: str) -> None:
    """Without traffic, too: what comes to nobody who is not ready must not be needed for being ready."""
    vhost, queues = broker_url.rpartition("/")[2], Queues(broker_url)
    with publishing(broker_url) as publisher:
        rabbitmq.ctl("set_policy", "-p", vhost, "full", rf"^{STORAGE.name}$", '{"max-length": 5}', "--apply-to=queues")
        with capture_logs() as logs:
            refused = eventually(lambda: refusal_of(publisher), TIMEOUT_S, "a full queue refuses")
            assert (refused, publisher.missing()) == ("nacked", []), "one refusal is no reason"
            [problem] = eventually(publisher.missing, TIMEOUT_S, "it says that nothing is confirmed")
            assert problem.startswith(f"broker: what was sent to {STORAGE.name} and {NOTIFY_SUBMISSIONS.name} has not")
            types = set[str | None]()
            while taken := queues.take(STORAGE.name):
                types.add(taken[1].type)
            ready(publisher)
        assert "not connected" not in [line["event"] for line in logs]
        publish(publisher)
    types |= {properties.type for _, properties in queues.peek(STORAGE.name)}
    assert PROBE_TYPE in types, "vacuous: it was not asked by a probe"


def refusal_of(publisher: ConfirmingPublisher) -> str | None:
    try:
        publish(publisher)
    except NotConfirmed as error:
        return error.refusal
    return None
