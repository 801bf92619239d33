"""The links of a process share what one of them has declared; see `shared.messaging.rabbitmq.preparation`."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pika
import pytest

from shared.messaging.rabbitmq.preparation import SHARED_FOR_S, Preparation
from support.polling import eventually

LINKS = 30


class Broker:
    """Is made ready as soon as it `may` be; whoever makes it ready meanwhile is `busy`."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.may.set()
        self.asked = self.busy = 0
        self.is_away = False

    def make(self, _parameters: pika.URLParameters) -> bool:
        self.asked += 1
        self.busy += 1
        try:
            assert self.may.wait(30)
        finally:
            self.busy -= 1
        if self.is_away:
            raise ConnectionRefusedError
        return self.asked == 1


def parameters(patience_s: float = 30) -> pika.URLParameters:
    found = pika.URLParameters("amqp://localhost")
    found.stack_timeout = patience_s
    return found


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def preparation(broker: Broker) -> Preparation:
    return Preparation(broker.make)


def a_while_ago() -> float:
    return time.monotonic() - SHARED_FOR_S


def test_of_many_links_that_begin_together_one_declares_and_all_are_told_what_was_missing(
    broker: Broker, preparation: Preparation
) -> None:
    broker.may.clear()
    begun_s = a_while_ago()
    with ThreadPoolExecutor(LINKS) as threads:
        links = [threads.submit(preparation.run, parameters(), since_s=begun_s) for _ in range(LINKS)]
        eventually(lambda: broker.busy == 1, 10, "one has begun")
        broker.may.set()
        assert [link.result() for link in links] == [True] * LINKS
    assert broker.asked == 1


def test_whoever_lost_a_connection_takes_nothing_that_was_declared_before(
    broker: Broker, preparation: Preparation
) -> None:
    preparation.run(parameters(), since_s=a_while_ago())
    lost_s = time.monotonic()
    preparation.run(parameters(), since_s=lost_s)
    assert broker.asked == 2
    preparation.run(parameters(), since_s=lost_s)
    assert broker.asked == 2, "another that lost its own at that time"


def test_what_was_begun_before_a_loss_and_ended_after_it_is_not_taken(broker: Broker, preparation: Preparation) -> None:
    broker.may.clear()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(preparation.run, parameters(), since_s=a_while_ago())
        eventually(lambda: broker.busy == 1, 10, "one has begun")
        other = threads.submit(preparation.run, parameters(), since_s=time.monotonic())
        time.sleep(0.1)
        assert broker.busy == 1, "it is waited for, though it will not do"
        broker.may.set()
        assert (first.result(), other.result()) == (True, True), "the queue is as new to who found it there"
    assert broker.asked == 2
    eventually(lambda: not preparation.run(parameters(), since_s=time.monotonic()), 10, "a second later it is not")


def test_a_failure_is_of_the_link_that_had_it(broker: Broker, preparation: Preparation) -> None:
    broker.is_away = True
    begun_s = a_while_ago()
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            preparation.run(parameters(), since_s=begun_s)
    broker.is_away = False
    preparation.run(parameters(), since_s=begun_s)
    assert broker.asked == 3


def test_a_node_that_never_answers_holds_nobody_up_for_longer_than_its_own_patience(
    broker: Broker, preparation: Preparation
) -> None:
    broker.may.clear()
    with ThreadPoolExecutor(LINKS) as threads:
        links = [threads.submit(preparation.run, parameters(0.01), since_s=a_while_ago()) for _ in range(LINKS)]
        eventually(lambda: broker.busy == LINKS, 10, "all of them try")
        broker.may.set()
        assert len([link.result() for link in links]) == LINKS
