"""The consumer's work when things are away: what is held, put off and set aside."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from shared.contracts import SubmissionAccepted
from shared.failpoints import ignore
from shared.messaging.batching import BatchLimits
from shared.messaging.failures import Delivery, DependencyUnavailable, Results, RetryLater
from shared.messaging.memory import MemoryBroker, MemorySource
from shared.messaging.message import ATTEMPT_HEADER, FAILURES_HEADER, message_of
from shared.messaging.topology import NOTIFY_SUBMISSIONS
from shared.messaging.worker import Worker
from support.brokers import running
from support.events import ACCEPTED, an_event
from support.polling import eventually

TIMEOUT_S = 10.0


class Handler:
    """Handles one at a time; what it is told of, it fails."""

    def __init__(self) -> None:
        self.fails: dict[str, Exception] = {}
        self.handled: list[str] = []

    def __call__(self, deliveries: Sequence[Delivery[SubmissionAccepted]]) -> None:
        [delivery] = deliveries
        error = self.fails.get(str(delivery.event.id))
        if error is not None:
            raise error
        self.handled.append(str(delivery.event.id))


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


def publish(broker: MemoryBroker, count: int) -> list[str]:
    publisher = broker.publisher()
    messages = [message_of(an_event()) for _ in range(count)]
    for message in messages:
        publisher.publish(message, timeout_s=1.0)
    return [message.id for message in messages]


@contextmanager
def working(broker: MemoryBroker, handler: Handler, *, hold_most_s: float = 60.0) -> Iterator[None]:
    worker = Worker(
        NOTIFY_SUBMISSIONS,
        handler,
        BatchLimits(),
        ACCEPTED,
        source=MemorySource(broker, NOTIFY_SUBMISSIONS.name, BatchLimits().prefetch),
        publisher=broker.publisher(),
        reach=ignore,
        hold_most_s=hold_most_s,
    )
    with running(worker):
        yield


def test_a_retry_that_cannot_be_published_waits_aside_and_the_others_go_on(broker: MemoryBroker) -> None:
    handler = Handler()
    first, *others = publish(broker, 5)
    handler.fails[first] = RetryLater("busy", after_s=30.0)
    level = NOTIFY_SUBMISSIONS.level_queue("30s")
    broker.refusal = "blocked"
    with working(broker, handler):
        eventually(lambda: handler.handled == others, timeout_s=TIMEOUT_S, message="the others are handled")
        assert broker.queued(level) == []
        broker.refusal = None
        eventually(lambda: len(broker.queued(level)) == 1, timeout_s=TIMEOUT_S, message="it waits on its level")
    assert broker.queued(level)[0].id == first
    assert broker.queued(NOTIFY_SUBMISSIONS.name) == []


def test_what_is_held_too_long_is_put_off_and_charged_nothing(broker: MemoryBroker) -> None:
    handler = Handler()
    ids = publish(broker, 3)
    handler.fails = {one: DependencyUnavailable("away") for one in ids}
    level = NOTIFY_SUBMISSIONS.level_queue("30s")
    with working(broker, handler, hold_most_s=0.0):
        eventually(lambda: len(broker.queued(level)) == 3, timeout_s=TIMEOUT_S, message="all are put off")
    assert [message.id for message in broker.queued(level)] == ids
    for message in broker.queued(level):
        assert (message.headers[ATTEMPT_HEADER], message.headers[FAILURES_HEADER]) == (0, 0)
    assert broker.queued(NOTIFY_SUBMISSIONS.name) == []


def test_a_batch_is_what_is_there_and_what_a_handler_leaves_comes_again_first(broker: MemoryBroker) -> None:
    batches: list[list[str]] = []

    def two_at_most(deliveries: Sequence[Delivery[SubmissionAccepted]]) -> Results:
        batches.append([str(delivery.event.id) for delivery in deliveries])
        return [None] * min(2, len(deliveries))

    ids = publish(broker, 8)
    with running(broker.consumer(NOTIFY_SUBMISSIONS, two_at_most, BatchLimits(size=5), ACCEPTED)):
        eventually(lambda: len(batches) >= 5, TIMEOUT_S, "all are handled")
    assert batches == [ids[:1], ids[1:6], ids[3:6], ids[5:6], ids[6:8]]


def test_a_handler_that_does_not_come_back_is_stuck_and_an_idle_worker_is_not(broker: MemoryBroker) -> None:
    entered, release = threading.Event(), threading.Event()

    def block(_: Sequence[Delivery[SubmissionAccepted]]) -> None:
        entered.set()
        release.wait()

    worker = broker.consumer(NOTIFY_SUBMISSIONS, block, BatchLimits(), ACCEPTED)
    with running(worker):
        assert worker.missing() == []
        assert worker.stuck(after_s=0.0) == []
        publish(broker, 1)
        assert entered.wait(TIMEOUT_S)
        assert worker.stuck() == []
        assert worker.stuck(after_s=0.0)[0].startswith("the handler has not come back for ")
        release.set()
        eventually(lambda: not worker.stuck(after_s=0.0), TIMEOUT_S, "it comes back")
    assert worker.missing() == ["stopping"]
