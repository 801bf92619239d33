"""What every broker does with a queue that is collected: each message as it came, acked once it is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from shared.messaging.broker import Keep
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.incoming import Incoming
from shared.messaging.message import Message
from shared.messaging.routes import Destination
from shared.messaging.topology import STORAGE
from support.brokers import TIMEOUT_S, Subject, publishing
from support.polling import eventually


def put(subject: Subject, *bodies: bytes) -> None:
    with publishing(subject) as publisher:
        for body in bodies:
            message = Message("some.type", "some id", body, {"x-reason": "because"})
            publisher.publish(message, timeout_s=TIMEOUT_S, to=Destination((STORAGE.parked,)))


@contextmanager
def collecting(subject: Subject, keep: Keep) -> Iterator[None]:
    collector = subject.broker.collect(STORAGE.parked, keep)
    try:
        yield
    finally:
        collector.close()


def test_each_message_is_handed_over_as_it_came_and_is_gone(subject: Subject) -> None:
    bodies = [b"\xff\xfe no text", b"", b"x" * 1_000_000]
    put(subject, *bodies)
    kept: list[Incoming] = []
    with collecting(subject, kept.append):
        eventually(lambda: len(kept) == 3, TIMEOUT_S, "all are kept")
    assert [one.body for one in kept] == bodies
    assert {(one.type, one.message_id, one.headers["x-reason"]) for one in kept} == {
        ("some.type", "some id", "because")
    }
    assert subject.queued(STORAGE.parked) == []


def test_what_is_not_kept_is_tried_again_and_nothing_is_lost(subject: Subject) -> None:
    put(subject, b"1", b"2")
    tried: list[bytes] = []
    failures: list[Exception] = [ZeroDivisionError("a bug"), DependencyUnavailable("away")]

    def keep(incoming: Incoming) -> None:
        tried.append(incoming.body)
        if failures:
            raise failures.pop()

    with collecting(subject, keep):
        eventually(lambda: len(tried) == 4, TIMEOUT_S, "both are kept in the end")
    assert tried == [b"1", b"1", b"1", b"2"]
    assert subject.queued(STORAGE.parked) == []


def test_what_was_not_kept_when_it_was_closed_goes_back(subject: Subject) -> None:
    put(subject, b"1", b"2")
    tried = threading.Event()

    def keep(_incoming: Incoming) -> None:
        tried.set()
        raise DependencyUnavailable("away")

    with collecting(subject, keep):
        assert tried.wait(TIMEOUT_S)
    eventually(
        lambda: [one.body for one in subject.queued(STORAGE.parked)] == [b"1", b"2"],
        TIMEOUT_S,
        "both are back, in order",
    )


def test_two_collectors_share_a_queue(subject: Subject) -> None:
    kept: list[bytes] = []

    def keep(incoming: Incoming) -> None:
        kept.append(incoming.body)

    with collecting(subject, keep), collecting(subject, keep):
        bodies = [str(number).encode() for number in range(30)]
        put(subject, *bodies)
        eventually(lambda: len(kept) == 30, TIMEOUT_S, "all are kept")
    assert sorted(kept) == sorted(bodies)
