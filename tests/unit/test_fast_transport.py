"""Sending and reading past pika, over a pair of sockets and pika's own transport."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pika.adapters.utils.io_services_utils import _AsyncPlaintextTransport

from shared.messaging.rabbitmq.fast.transport import READ_BYTES, read_once_a_turn, sent_at_once

MUCH = b"x" * 4_000_000


class Loop:
    """What pika's transport asks of an I/O loop."""

    def __init__(self) -> None:
        self.watched: set[str] = set()

    def set_reader(self, *_: object) -> None:
        self.watched.add("reader")

    def set_writer(self, *_: object) -> None:
        self.watched.add("writer")

    def remove_reader(self, *_: object) -> None:
        self.watched.discard("reader")

    def remove_writer(self, *_: object) -> None:
        self.watched.discard("writer")

    def add_callback_threadsafe(self, *_: object) -> None:
        pass


class Received:
    """What pika's transport hands what was read to."""

    def __init__(self) -> None:
        self.reads: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        self.reads.append(data)


@contextmanager
def connected() -> Iterator[tuple[Any, socket.socket, Received]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    received = Received()
    with ours, theirs:
        yield _AsyncPlaintextTransport(ours, received, Loop()), theirs, received  # type: ignore[arg-type]


def test_what_the_socket_takes_is_sent_and_the_rest_comes_back() -> None:
    with connected() as (transport, theirs, _):
        assert sent_at_once(transport, b"first") == b""
        assert theirs.recv(64) == b"first"
        rest = sent_at_once(transport, MUCH)
        assert 0 < len(rest) < len(MUCH)
        assert sent_at_once(transport, b"more") == b"more", "nothing fits"


def test_nothing_overtakes_what_pika_has_to_send_still() -> None:
    with connected() as (transport, theirs, _):
        transport.write(b"before")
        assert sent_at_once(transport, b"after") == b"after"
        theirs.setblocking(False)
        transport._on_socket_writable()
        assert theirs.recv(64) == b"before"


def test_a_broken_connection_and_one_that_is_dropped_are_left_to_pika() -> None:
    with connected() as (transport, theirs, _):
        theirs.close()
        assert sent_at_once(transport, b"lost") == b"lost"
    with connected() as (transport, _, _):
        transport.abort()
        assert sent_at_once(transport, b"late") == b"late"


def test_any_other_transport_is_left_to_pika() -> None:
    assert sent_at_once(object(), b"data") == b"data"
    read_once_a_turn(object())


def test_a_turn_reads_once_and_much() -> None:
    with connected() as (transport, theirs, received):
        read_once_a_turn(transport)
        theirs.setblocking(False)
        theirs.send(MUCH)
        transport._on_socket_readable()
        assert len(received.reads) == 1
        assert 4096 < len(received.reads[0]) <= READ_BYTES
