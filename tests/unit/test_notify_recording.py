"""What was sent is recorded while the next is sent: nobody gets two mails, whatever becomes of the record."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from uuid import uuid4

import pytest

from notify_service.channels.planned import Key
from notify_service.deliveries.recording import Recorder
from notify_service.deliveries.states import Claim, Sent
from shared.contracts import Confirmation, ConfirmationChanged
from shared.messaging.failures import DependencyUnavailable
from support.confirmations import a_key
from support.events import ACCEPTED_AT, an_event
from support.notify_world import World
from support.polling import eventually
from support.several import handle, some, states


@pytest.fixture
def world() -> World:
    """A world whose worker has sent one mail, at once, and so takes many."""
    made = World()
    made.handle(an_event(email="first@example.org"))
    made.sender.sent.clear()
    return made


def test_a_mail_waits_until_the_last_but_one_is_recorded(world: World) -> None:
    events, may_record = some(3), threading.Event()
    record_sent = world.deliveries.record_sent

    def stalled(sent: object) -> object:
        may_record.wait(60)
        return record_sent(sent)  # type: ignore[arg-type]

    world.handler.recorder = Recorder(stalled)  # type: ignore[arg-type]
    thread = threading.Thread(target=handle, args=(world, events))
    thread.start()
    eventually(lambda: len(world.sender.sent) == 2, 30, "two are sent")
    assert states(world, events) == ["pending", "pending", "pending"]
    may_record.set()
    thread.join(60)
    assert states(world, events) == ["sent", "sent", "sent"]


def test_a_recorder_tells_each_and_takes_what_has_gathered_together() -> None:
    entered, go_on, calls = threading.Event(), threading.Event(), list[int]()

    def record(sent: Sequence[object]) -> dict[object, object]:
        calls.append(len(sent))
        entered.set()
        go_on.wait(60)
        if len(calls) == 2:
            raise DependencyUnavailable("away")
        return {}

    recorder = Recorder(record)  # type: ignore[arg-type]
    claims = [Claim(a_key(), uuid4(), ACCEPTED_AT, 1) for _ in range(3)]
    told: list[bool] = []

    def tell(_: object, error: Exception | None) -> None:
        told.append(error is None)

    first = recorder.record(Sent(claims[0], ACCEPTED_AT), tell)
    assert entered.wait(60)
    others = [recorder.record(Sent(claim, ACCEPTED_AT), tell) for claim in claims[1:]]
    go_on.set()
    first.result(60)
    for other in others:
        with pytest.raises(DependencyUnavailable):
            other.result(60)
    recorder.close()
    assert calls == [1, 2]
    assert told == [True, False, False]


def test_a_call_ends_with_no_record_under_way_and_nobody_gets_two_mails(world: World) -> None:
    events, calls, first_failed, may_record = some(3), list[int](), threading.Event(), threading.Event()
    record_sent = world.deliveries.record_sent

    def record(sent: Sequence[Sent]) -> Mapping[Key, Confirmation]:
        calls.append(len(sent))
        if len(calls) == 1:
            world.deliveries.away = True
            try:
                return record_sent(sent)
            finally:
                world.deliveries.away = False
        first_failed.set()
        may_record.wait(60)
        return record_sent(sent)

    def let_the_second_wait() -> None:
        if len(world.sender.sent) == 1:
            eventually(lambda: calls, 30, "the first is being recorded")

    world.sender.before = let_the_second_wait
    world.handler.recorder = Recorder(record)
    ends = list[object]()

    def work() -> None:
        try:
            ends.append(handle(world, events))
        except DependencyUnavailable as error:
            ends.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert first_failed.wait(60)
    thread.join(0.3)
    assert thread.is_alive(), "the second is still being recorded"
    may_record.set()
    thread.join(60)
    assert [type(end) for end in ends] == [DependencyUnavailable], "nothing came of the first"
    assert handle(world, events) == [None, None, None]
    assert len(world.sender.sent) == len(events)


def test_a_bug_in_a_record_is_its_own_events_and_its_mail_is_not_sent_again(world: World) -> None:
    events = some(3)
    record_sent, may_record = world.deliveries.record_sent, threading.Event()

    def record(sent: Sequence[Sent]) -> Mapping[Key, Confirmation]:
        may_record.wait(60)
        if any(one.claim.key.submission_id == events[0].id for one in sent):
            raise RuntimeError("a bug")
        return record_sent(sent)

    world.sender.before = lambda: may_record.set() if len(world.sender.sent) == 1 else None
    world.handler.recorder = Recorder(record)
    first, second, third = handle(world, events)
    assert isinstance(first, RuntimeError)
    assert (second, third) == (None, None)
    assert states(world, events) == ["failed", "sent", "sent"]
    assert handle(world, events) == [None, None, None]
    assert len(world.sender.sent) == len(events)


def test_a_recorder_records_alone_what_fails_together() -> None:
    claims = [Claim(a_key(), uuid4(), ACCEPTED_AT, 1) for _ in range(3)]

    def record(sent: Sequence[Sent]) -> Mapping[Key, Confirmation]:
        if claims[1] in [one.claim for one in sent]:
            raise RuntimeError("a bug")
        return {}

    recorder = Recorder(record)
    recordings = [recorder.record(Sent(claim, ACCEPTED_AT), lambda *_: None) for claim in claims]
    assert [type(recording.exception(10)) for recording in recordings] == [type(None), RuntimeError, type(None)]
    recorder.close()


def test_a_bug_beside_a_record_under_way_sends_nothing_twice(world: World) -> None:
    events, record_sent = some(3), world.deliveries.record_sent
    bugs = iter([RuntimeError("a bug")])

    def record(sent: Sequence[Sent]) -> Mapping[Key, Confirmation]:
        time.sleep(0.05)
        return record_sent(sent)

    def announce(news: ConfirmationChanged) -> None:
        for bug in bugs if news.confirmation.state == "failed" else ():
            raise bug

    answers = iter([{}, {"rcpt": 550}, {}])
    world.sender.before = lambda: setattr(world.sender, "answers", next(answers, {}))
    world.handler.recorder = Recorder(record)
    world.handler.announce = announce
    with pytest.raises(RuntimeError):
        handle(world, events)
    assert states(world, events) == ["sent", "failed", "pending"]
    assert handle(world, events) == [None, None, None]
    assert len(world.sender.sent) == 2


def test_a_recorder_lets_go_of_everyone_whatever_telling_does() -> None:
    recorder = Recorder(lambda sent: {})
    claims = [Claim(a_key(), uuid4(), ACCEPTED_AT, 1) for _ in range(2)]

    def tell(_: object, __: Exception | None) -> None:
        raise RuntimeError("a bug")

    for recording in [recorder.record(Sent(claim, ACCEPTED_AT), tell) for claim in claims]:
        with pytest.raises(RuntimeError):
            recording.result(60)
    recorder.close()
