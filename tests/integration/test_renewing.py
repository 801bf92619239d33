"""A consumer's channel is renewed: what the broker counts as held, and nobody holds, comes back."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pika
import pytest

from dev.broker import Broker
from shared.messaging.broker import Answer, NoAnswer, Params, QueryMethod
from shared.messaging.incoming import Incoming
from shared.messaging.queries import pack_query
from shared.messaging.rabbitmq.consumer import QueueSource
from shared.messaging.rabbitmq.declare import declare
from shared.messaging.rabbitmq.rpc import QueryClient, QueryServer
from shared.messaging.topology import STORAGE, STORAGE_QUERIES
from support.faulty.frames import ACK, CHANNEL_CLOSE_OK, DELIVER, Lose
from support.faulty.proxy import Proxy
from support.pace import slowness
from support.polling import eventually
from support.queues import Queues

TIMEOUT_S = 30.0
PREFETCH = 20
_PACE = slowness()

OFTEN_S = 1.5 * _PACE
"""Time enough for the broker to answer, on a slow machine too: who does not until the next renewal counts as gone."""

SELDOM_S = 8.0 * _PACE
"""Time enough to take several before the first renewal is due."""

PATIENCE_S = 1.0 * _PACE


@pytest.fixture
def queues(broker_url: str) -> Queues:
    declare(pika.URLParameters(broker_url))
    return Queues(broker_url)


@pytest.fixture
def proxy(rabbitmq: Broker) -> Iterator[Proxy]:
    proxy = Proxy(rabbitmq.port)
    proxy.start()
    yield proxy
    proxy.stop()


@contextmanager
def consuming(
    url: str, *, prefetch: int = PREFETCH, renew_every_s: float = OFTEN_S, reconnects: int = 0
) -> Iterator[QueueSource]:
    returns: list[str] = []
    source = QueueSource(
        url,
        "test",
        STORAGE.name,
        prefetch=prefetch,
        renew_every_s=renew_every_s,
        patience_s=PATIENCE_S,
        on_return=lambda: returns.append("a connection"),
    )
    try:
        eventually(lambda: not source.missing(), TIMEOUT_S, "it consumes")
        yield source
    finally:
        source.close()
    assert len(returns) == reconnects


def put(queues: Queues, *names: str) -> None:
    for name in names:
        queues.publish("", STORAGE.name, b"", pika.BasicProperties(message_id=name, delivery_mode=2))


def take(source: QueueSource) -> Incoming:
    assert not source.missing()
    return eventually(lambda: source.get(1.0), TIMEOUT_S, "a delivery comes")


def is_answered(client: QueryClient) -> bool:
    try:
        return client.ask(STORAGE_QUERIES, "echo", {}).answer(timeout_s=TIMEOUT_S) == {}
    except NoAnswer:
        return False


def await_renewal(source: QueueSource, last: Incoming) -> None:
    eventually(lambda: not source.is_current(last), TIMEOUT_S, "the channel is renewed")


def test_a_delivery_that_got_lost_comes_again(queues: Queues, broker_url: str, proxy: Proxy) -> None:
    with consuming(proxy.url_of(broker_url), prefetch=1) as source:
        proxy.treat("to client", Lose(DELIVER))
        put(queues, "lost")
        again = take(source)
        assert proxy.counts["methods lost"] == 1, "vacuous: nothing was lost"
        assert (again.message_id, again.redelivered) == ("lost", True)
        source.ack(again, multiple=False)
        await_renewal(source, again)
    assert queues.depth(STORAGE.name) == 0


def test_a_message_whose_ack_got_lost_comes_again(queues: Queues, broker_url: str, proxy: Proxy) -> None:
    with consuming(proxy.url_of(broker_url)) as source:
        proxy.treat("to server", Lose(ACK))
        put(queues, "one")
        source.ack(take(source), multiple=True)
        again = take(source)
        assert proxy.counts["methods lost"] == 1, "vacuous: nothing was lost"
        assert (again.message_id, again.redelivered) == ("one", True)
        source.ack(again, multiple=True)
        await_renewal(source, again)
    assert queues.depth(STORAGE.name) == 0


def test_what_is_in_hand_is_waited_for_and_charged_nothing(queues: Queues, broker_url: str) -> None:
    put(queues, "first", "second", "third")
    with consuming(broker_url, renew_every_s=SELDOM_S) as source:
        source.widen()
        first, second, third = (take(source) for _ in range(3))
        assert source.get(SELDOM_S + 1) is None
        put(queues, "fourth")
        source.ack(second, multiple=True)
        assert source.get(1.0) is None, "the renewal is due, and the source takes no more"
        assert source.is_current(first), "the third is still in hand"
        source.ack(third, multiple=False)
        fourth = take(source)
        assert (fourth.message_id, fourth.returns, fourth.redelivered) == ("fourth", 0, False)
        assert not source.is_current(third)
        source.ack(fourth, multiple=True)
        await_renewal(source, fourth)
    assert queues.depth(STORAGE.name) == 0


def test_what_is_never_acked_does_not_end_the_consuming(queues: Queues, broker_url: str) -> None:
    with consuming(broker_url) as source:
        source.widen()
        put(queues, "aside")
        aside = take(source)
        source.set_aside([aside])
        assert source.get(2 * OFTEN_S) is None, "a renewal has begun"
        for name in ("second", "third"):
            put(queues, name)
            following = take(source)
            assert following.message_id == name
            source.ack(following, multiple=False)
            assert source.get(2 * OFTEN_S) is None, "and another one"
        assert source.is_current(aside), "it is still held, and was charged nothing"
        source.ack(aside, multiple=False)
        await_renewal(source, aside)
    assert queues.depth(STORAGE.name) == 0


def test_whoever_waits_for_a_database_holds_a_prefetch_and_goes_on_at_full_width(
    queues: Queues, broker_url: str
) -> None:
    with consuming(broker_url, renew_every_s=SELDOM_S) as source:
        source.widen()
        put(queues, *(str(number) for number in range(PREFETCH + 2)))
        held = [take(source) for _ in range(PREFETCH)]
        assert source.get(SELDOM_S + 2 * PATIENCE_S + 1) is None, "a renewal is due, and no more than that is held"
        source.ack(held[-1], multiple=True)
        further = [take(source) for _ in range(2)]
        assert [one.returns for one in further] == [0, 0]
        source.ack(further[-1], multiple=True)
        await_renewal(source, further[-1])


def test_whoever_takes_one_at_a_time_holds_no_other(queues: Queues, broker_url: str) -> None:
    with consuming(broker_url) as source:
        put(queues, "killer", "innocent")
        killer = take(source)
        assert source.get(OFTEN_S + 2 * PATIENCE_S + 1) is None, "a renewal is due, and a death charges one"
        source.ack(killer, multiple=False)
        innocent = take(source)
        assert (innocent.message_id, innocent.returns) == ("innocent", 0)
        source.ack(innocent, multiple=False)
        await_renewal(source, innocent)


def test_work_that_is_slow_is_waited_for(queues: Queues, broker_url: str) -> None:
    put(queues, "first", "second", "third")
    with consuming(broker_url, renew_every_s=SELDOM_S) as source:
        source.widen()
        slow = [take(source) for _ in range(3)]
        assert source.get(SELDOM_S + 1) is None, "a renewal is due"
        put(queues, "fourth")
        for one in slow:
            assert source.get(2 * PATIENCE_S) is None, "the source takes no more"
            source.ack(one, multiple=False)
        fourth = take(source)
        assert not source.is_current(slow[-1]), "it is renewed, although each took longer than its patience"
        source.ack(fourth, multiple=False)
        await_renewal(source, fourth)


def test_a_renewed_channel_fetches_as_much_ahead_as_before(queues: Queues, broker_url: str) -> None:
    with consuming(broker_url) as source:
        put(queues, "first")
        first = take(source)
        source.widen()
        source.ack(first, multiple=True)
        await_renewal(source, first)
        put(queues, "second", "third")
        assert [take(source).message_id for _ in range(2)] == ["second", "third"]


def test_a_renewal_that_is_not_answered_ends_the_connection(queues: Queues, broker_url: str, proxy: Proxy) -> None:
    with consuming(proxy.url_of(broker_url), reconnects=1) as source:
        put(queues, "first")
        first = take(source)
        proxy.treat("to client", Lose(CHANNEL_CLOSE_OK))
        source.ack(first, multiple=True)
        await_renewal(source, first)
        put(queues, "second")
        assert eventually(lambda: source.get(1.0), TIMEOUT_S, "it goes on").message_id == "second"
        assert proxy.counts["methods lost"] == 1, "vacuous: nothing was lost"


@contextmanager
def answering(server_url: str, url: str, method: QueryMethod, renew_every_s: float = OFTEN_S) -> Iterator[QueryClient]:
    server = QueryServer(server_url, "test", STORAGE_QUERIES, {"echo": method}, renew_every_s=renew_every_s)
    client = QueryClient(url, "test asks")
    try:
        eventually(lambda: is_answered(client), TIMEOUT_S, "it answers")
        yield client
    finally:
        client.close()
        server.close()


class Held:
    """A query's method that counts its runs, and waits in the one that is to be held until it is let go."""

    def __init__(self) -> None:
        self.runs: Counter[str] = Counter()
        self.let_go = threading.Event()

    def __call__(self, params: Params) -> Answer:
        """Answer with the parameters."""
        name = params.get("id", "")
        self.runs[name] += 1
        if name == "held":
            assert self.let_go.wait(TIMEOUT_S)
        return dict(params)


def test_a_query_that_got_lost_is_answered(broker_url: str, proxy: Proxy) -> None:
    with answering(proxy.url_of(broker_url), broker_url, dict) as client:
        proxy.treat("to client", Lose(DELIVER))
        assert client.ask(STORAGE_QUERIES, "echo", {"id": "1"}).answer(timeout_s=TIMEOUT_S) == {"id": "1"}
        assert proxy.counts["methods lost"] == 1, "vacuous: nothing was lost"


def test_a_query_in_hand_is_waited_for_and_run_once(broker_url: str) -> None:
    held = Held()
    with answering(broker_url, broker_url, held) as client:
        pending = client.ask(STORAGE_QUERIES, "echo", {"id": "held"})
        assert not held.let_go.wait(4 * OFTEN_S), "renewals are due"
        held.let_go.set()
        assert pending.answer(timeout_s=TIMEOUT_S) == {"id": "held"}
        assert not threading.Event().wait(2 * OFTEN_S), "it is renewed"
        eventually(lambda: is_answered(client), TIMEOUT_S, "it goes on")
    assert held.runs["held"] == 1


def test_a_query_that_a_lost_connection_took_back_is_run_once(queues: Queues, broker_url: str, proxy: Proxy) -> None:
    held = Held()
    with answering(proxy.url_of(broker_url), broker_url, held, renew_every_s=60) as client:
        client.ask(STORAGE_QUERIES, "echo", {"id": "held"})
        eventually(lambda: held.runs["held"] == 1, TIMEOUT_S, "one is in hand")
        queues.publish("", STORAGE_QUERIES, pack_query("echo", {"id": "behind"}), pika.BasicProperties())
        eventually(lambda: queues.depth(STORAGE_QUERIES) == 0, TIMEOUT_S, "another waits behind it")
        proxy.close()
        eventually(lambda: queues.consumers(STORAGE_QUERIES) == 0, TIMEOUT_S, "the connection is gone")
        proxy.open()
        eventually(lambda: queues.consumers(STORAGE_QUERIES) == 1, TIMEOUT_S, "it consumes again")
        held.let_go.set()
        eventually(lambda: is_answered(client), TIMEOUT_S, "it goes on")
    assert held.runs["behind"] == 1


def test_a_renewal_of_who_answers_that_is_not_answered_ends_the_connection(broker_url: str, proxy: Proxy) -> None:
    with answering(proxy.url_of(broker_url), broker_url, dict) as client:
        proxy.treat("to client", Lose(CHANNEL_CLOSE_OK))
        eventually(lambda: proxy.counts["methods lost"] == 1, TIMEOUT_S, "a renewal is not answered")
        eventually(lambda: is_answered(client), TIMEOUT_S, "it answers")
