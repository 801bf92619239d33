"""What every broker does with what is consumed: the outcome table, batches, poison, several consumers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress

import pytest

from shared.contracts import SubmissionAccepted
from shared.messaging.batching import BatchLimits
from shared.messaging.broker import Consumer
from shared.messaging.failures import BUG_RETRIES, Delivery, DependencyUnavailable, PermanentFailure, RetryLater
from shared.messaging.message import (
    ATTEMPT_HEADER,
    FAILURES_HEADER,
    PARKED_FROM_HEADER,
    REASON_HEADER,
    Message,
    message_of,
)
from shared.messaging.routes import to
from shared.messaging.topology import NOTIFY_SMTP, NOTIFY_SUBMISSIONS, STORAGE
from support.brokers import TIMEOUT_S, Recorder, Subject, publish, publishing, running, seen
from support.events import ACCEPTED, an_event
from support.polling import eventually


def test_what_is_handled_is_gone(subject: Subject) -> None:
    handler = Recorder()
    with (
        publishing(subject) as publisher,
        running(subject.broker.consumer(STORAGE, handler, BatchLimits(10, 0.02), ACCEPTED)),
    ):
        ids = publish(publisher, 25)
        eventually(lambda: seen(handler) == set(ids), timeout_s=TIMEOUT_S, message="all is handled")
    assert subject.queued(STORAGE.name) == []
    assert len(subject.queued(NOTIFY_SUBMISSIONS.name)) == 25


def test_a_batch_closes_by_size_and_by_age(subject: Subject) -> None:
    handler = Recorder()
    with publishing(subject) as publisher:
        publish(publisher, 25)
    with running(subject.broker.consumer(STORAGE, handler, BatchLimits(10, 0.2), ACCEPTED)):
        eventually(lambda: len(seen(handler)) == 25, timeout_s=TIMEOUT_S, message="all is handled")
    assert max(len(batch) for batch in handler.batches) == 10
    assert sum(len(batch) for batch in handler.batches) == 25


def test_one_bad_event_is_parked_and_its_neighbours_are_handled(subject: Subject) -> None:
    handler = Recorder()
    with publishing(subject) as publisher:
        ids = publish(publisher, 20)
    handler.fails[ids[7]] = PermanentFailure("will never do")
    with running(subject.broker.consumer(STORAGE, handler, BatchLimits(20, 0.5), ACCEPTED)):
        eventually(lambda: len(subject.queued(STORAGE.parked)) == 1, timeout_s=TIMEOUT_S, message="it is parked")
        eventually(lambda: seen(handler) == set(ids), timeout_s=TIMEOUT_S, message="all neighbours are handled")
    [parked] = subject.queued(STORAGE.parked)
    assert parked.id == ids[7]
    assert parked.headers[REASON_HEADER] == "will never do"
    assert parked.headers[PARKED_FROM_HEADER] == STORAGE.name
    assert subject.queued(STORAGE.name) == []


@pytest.mark.parametrize(
    ("body", "type_", "reason"),
    [
        (b"not JSON", "submission.accepted.v1", "not JSON"),
        (b"\xff\xfe", "submission.accepted.v1", "not UTF-8"),
        (b'{"id": "nope"}', "submission.accepted.v1", "accepted_at"),
        (b"{}", "submission.accepted.v9", "not known here"),
    ],
)
def test_what_is_no_event_is_parked_with_its_reason(subject: Subject, body: bytes, type_: str, reason: str) -> None:
    handler = Recorder()
    poison = Message(type_, "poison", body)
    with publishing(subject) as publisher:
        before = publish(publisher, 3)
        publisher.publish(poison, timeout_s=TIMEOUT_S, to=to(STORAGE))
        after = publish(publisher, 3)
    with running(subject.broker.consumer(STORAGE, handler, BatchLimits(10, 0.1), ACCEPTED)):
        eventually(lambda: len(subject.queued(STORAGE.parked)) == 1, timeout_s=TIMEOUT_S, message="it is parked")
        eventually(
            lambda: seen(handler) == {*before, *after}, timeout_s=TIMEOUT_S, message="all neighbours are handled"
        )
    [parked] = subject.queued(STORAGE.parked)
    assert parked.body == body
    assert reason in str(parked.headers[REASON_HEADER])


def test_retry_later_comes_back_with_its_attempt_counted(subject: Subject) -> None:
    handler = Recorder()
    handler.fail_once = [RetryLater("again", after_s=0.1), RetryLater("not now", after_s=0.1)]
    with (
        publishing(subject) as publisher,
        running(subject.broker.consumer(NOTIFY_SUBMISSIONS, handler, BatchLimits(), ACCEPTED)),
    ):
        [message_id] = publish(publisher)
        eventually(lambda: handler.count(message_id) == 3, timeout_s=TIMEOUT_S, message="it came back")
    assert [batch[0].attempt for batch in handler.batches] == [0, 1, 2]
    assert subject.queued(NOTIFY_SUBMISSIONS.name) == []
    assert subject.queued(NOTIFY_SUBMISSIONS.level_queue("30s")) == []


def test_what_is_put_off_for_years_waits_on_the_longest_level_and_holds_up_nothing(subject: Subject) -> None:
    handler = Recorder()
    with (
        publishing(subject) as publisher,
        running(subject.broker.consumer(NOTIFY_SMTP, handler, BatchLimits(), ACCEPTED)),
    ):
        event = an_event()
        handler.fails[str(event.id)] = RetryLater("as its endpoint wants it", after_s=1e9)
        publisher.publish(message_of(event), timeout_s=TIMEOUT_S, to=to(NOTIFY_SMTP))
        level = NOTIFY_SMTP.level_queue("6h")
        eventually(lambda: len(subject.queued(level)) == 1, timeout_s=TIMEOUT_S, message="it waits")
        ids = publish(publisher, 3, to=to(NOTIFY_SMTP))
        eventually(lambda: seen(handler) >= set(ids), timeout_s=TIMEOUT_S, message="what comes after is handled")


def test_while_a_dependency_is_away_everything_is_held_and_nothing_charged(subject: Subject) -> None:
    handler = Recorder()
    handler.fail_once = [DependencyUnavailable("away"), DependencyUnavailable("away")]
    with (
        publishing(subject) as publisher,
        running(subject.broker.consumer(STORAGE, handler, BatchLimits(5, 0.5), ACCEPTED)),
    ):
        publish(publisher, 5)
        eventually(lambda: len(handler.batches) == 3, timeout_s=TIMEOUT_S, message="the handler was tried again")
        eventually(lambda: len(seen(handler)) == 5, timeout_s=TIMEOUT_S, message="all are handled")
    assert handler.batches[0] == handler.batches[1] == handler.batches[2]
    assert all(one.attempt == 0 and not one.redelivered for batch in handler.batches for one in batch)
    assert subject.queued(STORAGE.name) == []


def test_a_bug_is_retried_and_then_parked(subject: Subject) -> None:
    handler = Recorder()
    event = an_event()
    handler.fails[str(event.id)] = ZeroDivisionError("a bug")
    with publishing(subject) as publisher, running(subject.broker.consumer(STORAGE, handler, BatchLimits(), ACCEPTED)):
        # retries that the handler itself asked for count for nothing here
        publisher.publish(message_of(event, headers={ATTEMPT_HEADER: 9}), timeout_s=TIMEOUT_S)
        level = STORAGE.level_queue("30s")
        eventually(lambda: len(subject.queued(level)) == 1, timeout_s=TIMEOUT_S, message="it waits on a delay level")
        [waiting] = subject.queued(level)
        assert (waiting.headers[ATTEMPT_HEADER], waiting.headers[FAILURES_HEADER]) == (10, 1)
        exhausted = {FAILURES_HEADER: BUG_RETRIES}
        publisher.publish(message_of(event, headers=exhausted), timeout_s=TIMEOUT_S)
        eventually(lambda: len(subject.queued(STORAGE.parked)) == 1, timeout_s=TIMEOUT_S, message="it is parked")
    assert "ZeroDivisionError" in str(subject.queued(STORAGE.parked)[0].headers[REASON_HEADER])


class Crash(BaseException):
    """Ends a consumer as a kill does: nothing in hand is settled."""


def test_what_kills_its_consumer_is_parked_and_its_neighbours_are_handled(subject: Subject) -> None:
    handler = Recorder()
    with publishing(subject) as publisher:
        ids = publish(publisher, 40)
    handler.fails[ids[5]] = Crash()  # type: ignore[assignment]
    died = threading.Event()

    def run_until_it_lives() -> None:
        while not died.is_set():
            consumer = subject.broker.consumer(STORAGE, handler, BatchLimits(10, 0.05), ACCEPTED)
            consumers.append(consumer)
            with suppress(Crash):
                consumer.run()
                return

    consumers: list[Consumer] = []
    thread = threading.Thread(target=run_until_it_lives)
    thread.start()
    try:
        eventually(lambda: len(subject.queued(STORAGE.parked)) == 1, timeout_s=60, message="it is parked")
        eventually(lambda: seen(handler) >= set(ids), timeout_s=60, message="the others are handled")
    finally:
        died.set()
        consumers[-1].stop()
        thread.join(TIMEOUT_S)
    assert [message.id for message in subject.queued(STORAGE.parked)] == [ids[5]]
    assert subject.queued(STORAGE.name) == []


def test_a_stopped_consumer_gives_back_what_it_had_not_settled(subject: Subject) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def slow(deliveries: Sequence[Delivery[SubmissionAccepted]]) -> None:
        if len(deliveries) > 1:  # the first one goes alone
            reached.set()
            assert go_on.wait(TIMEOUT_S)

    with publishing(subject) as publisher:
        ids = publish(publisher, 7)
    consumer = subject.broker.consumer(STORAGE, slow, BatchLimits(3, 5.0), ACCEPTED)
    thread = threading.Thread(target=consumer.run)
    thread.start()
    assert reached.wait(TIMEOUT_S)
    consumer.stop()
    go_on.set()
    thread.join(TIMEOUT_S)
    assert not thread.is_alive()
    eventually(
        lambda: [message.id for message in subject.queued(STORAGE.name)] == ids[4:],
        timeout_s=TIMEOUT_S,
        message="the batch in hand is finished and the rest given back",
    )


def test_two_consumers_share_a_queue_and_handle_each_event_once(subject: Subject) -> None:
    one, other = Recorder(), Recorder()
    with (
        publishing(subject) as publisher,
        running(subject.broker.consumer(STORAGE, one, BatchLimits(5, 0.01), ACCEPTED)),
        running(subject.broker.consumer(STORAGE, other, BatchLimits(5, 0.01), ACCEPTED)),
    ):
        ids = publish(publisher, 60)
        eventually(lambda: seen(one) | seen(other) == set(ids), timeout_s=TIMEOUT_S, message="all are handled")
    assert not seen(one) & seen(other)
