"""The nodes of a cluster in turn: all of them, each link in its own order, more patiently from round to round."""

from __future__ import annotations

from shared.messaging.rabbitmq.nodes import PATIENCE_FIRST_S, PATIENCE_MOST_S, Nodes

THREE = "amqp://u:p@one/,amqp://u:p@two/, amqp://u:p@three:5673/"


def test_all_nodes_come_in_turn_and_in_the_same_order_again() -> None:
    nodes = Nodes(THREE, "test")
    rounds = [[nodes.next(0).host for _ in range(3)] for _ in range(2)]
    assert set(rounds[0]) == {"one", "two", "three"}
    assert rounds[0] == rounds[1]


def test_links_begin_with_different_nodes() -> None:
    assert {Nodes(THREE, "test").next(0).host for _ in range(100)} == {"one", "two", "three"}


def test_patience_grows_with_each_round_up_to_the_most() -> None:
    nodes = Nodes(THREE, "test")
    patience_s = [nodes.next(failures).stack_timeout for failures in range(12)]
    assert patience_s == [PATIENCE_FIRST_S] * 3 + [2.0] * 3 + [4.0] * 3 + [PATIENCE_MOST_S] * 3
    assert nodes.next(10**6).socket_timeout == PATIENCE_MOST_S


def test_a_broker_alone_has_all_patience_at_once() -> None:
    assert Nodes("amqp://u:p@one/", "test").next(0).stack_timeout == PATIENCE_MOST_S
