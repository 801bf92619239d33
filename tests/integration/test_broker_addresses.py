"""Several broker addresses: what is away, or takes connections and says nothing, costs a publish no more than a part of
its deadline."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from dev.broker import Broker
from dev.processes import free_port
from shared.messaging.message import message_of
from shared.messaging.rabbitmq import depths
from shared.messaging.rabbitmq.publisher import ConfirmingPublisher
from support.events import an_event
from support.ledger_trial import vhost_of
from support.polling import eventually

DEADLINE_S = 3.0
"""The gateway's own."""


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections, and never says a word: as a frozen node does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)
        yield listening


def address_of(port: int, like: str) -> str:
    return like.replace(like.rpartition(":")[2].partition("/")[0], str(port))


def test_a_silent_node_is_left_within_the_deadline_of_a_publish(
    rabbitmq: Broker, broker_url: str, silent: socket.socket
) -> None:
    addresses = f"{broker_url},{address_of(silent.getsockname()[1], broker_url)}"
    with closing(ConfirmingPublisher(addresses, "test publisher")) as publisher:
        eventually(lambda: not publisher.missing(), 30, "the publisher is ready, whichever it tried first")
        rabbitmq.ctl("close_all_connections", "-p", vhost_of(broker_url), "the test cuts them")
        publisher.publish(message_of(an_event()), timeout_s=DEADLINE_S)
    with silent.accept()[0]:
        pass  # it was tried: else this raises TimeoutError, and the test is vacuous


def test_who_counts_what_waits_is_told_of_a_silent_node(broker_url: str, silent: socket.socket) -> None:
    with pytest.raises(depths.BrokerAway):
        depths.depths(address_of(silent.getsockname()[1], broker_url), [], timeout_s=0.5)


def test_nodes_that_are_away_are_passed_over(broker_url: str) -> None:
    away = [address_of(free_port(), broker_url) for _ in range(4)]
    with closing(ConfirmingPublisher(",".join([*away, broker_url]), "test publisher")) as publisher:
        eventually(lambda: not publisher.missing(), DEADLINE_S + 2, "the publisher is ready")
        publisher.publish(message_of(an_event()), timeout_s=DEADLINE_S)
