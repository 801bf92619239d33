"""Several confirmations at once: what one of them meets does nothing to the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from notify_service.channels.mailboxes import destination_hash
from notify_service.channels.planned import Key
from notify_service.deliveries.leases import LATE
from notify_service.deliveries.pace import MOMENT_S, MOST, Pace
from notify_service.deliveries.recording import Recorder
from notify_service.deliveries.states import Claim
from notify_service.transports.failures import Permanent
from notify_service.transports.smtp.mail import Mail
from shared.contracts import Confirmation, ConfirmationChanged, SubmissionAccepted
from shared.failpoints import ignore
from shared.forms import Form
from shared.messaging.failures import Delivery, DependencyUnavailable, Results, RetryLater
from support.confirmations import a_key, planned
from support.events import ACCEPTED_AT, an_event
from support.notify_world import World
from support.polling import eventually


@pytest.fixture
def world() -> World:
    """A world whose worker has sent one mail, at once, and so takes many."""
    made = World()
    made.handle(an_event(email="first@example.org"))
    made.sender.sent.clear()
    return made


def some(count: int) -> list[SubmissionAccepted]:
    return [an_event(email=f"ada-{number}@example.org") for number in range(count)]


def handle(world: World, events: Sequence[SubmissionAccepted]) -> Results:
    return world.handler([Delivery(event) for event in events])


def states(world: World, events: Sequence[SubmissionAccepted]) -> list[str]:
    return [shown[0].state if (shown := world.shown(event)) else "" for event in events]


def test_the_first_mail_goes_by_itself_and_then_as_many_as_a_moment_takes() -> None:
    world, events = World(), some(MOST + 5)
    assert len(handle(world, events)) == 1
    assert len(handle(world, events[1:])) == MOST
    assert [mail.recipient for mail in world.sender.sent] == [f"ada-{number}@example.org" for number in range(MOST + 1)]


def test_what_another_worker_holds_says_nothing_of_the_pace() -> None:
    world, other, events = World(), World().worker(), some(3)
    keys = [
        Key(event.id, "confirmation", destination_hash(event.id, f"ada-{n}@example.org"))
        for n, event in enumerate(events)
    ]
    world.deliveries.claim(
        [planned(keys[0])], lease_holder=other.lease_holder, now=ACCEPTED_AT, lease_until=ACCEPTED_AT + LATE
    )
    assert [type(result) for result in handle(world, events)] == [RetryLater]
    assert handle(world, events[1:]) == [None]


def test_what_nothing_is_to_be_done_about_goes_along(world: World) -> None:
    events = [an_event(name="no address"), an_event(form="unknown"), *some(1)]
    done, later, sent = handle(world, events)
    assert done is None
    assert isinstance(later, RetryLater)
    assert sent is None
    assert states(world, events) == ["", "", "sent"]


def test_two_to_one_recipient_are_claimed_one_after_the_other(world: World) -> None:
    events = [*some(1), an_event(email="ADA-0@example.org"), an_event()]
    assert len(handle(world, events)) == 1
    assert len(handle(world, events[1:])) == 2


def test_a_transient_answer_to_one_is_its_own(world: World) -> None:
    events = some(3)
    answers = iter([{}, {"rcpt": 450}, {}])
    world.sender.before = lambda: setattr(world.sender, "answers", next(answers))
    first, second, third = handle(world, events)
    assert first is None
    assert isinstance(second, RetryLater)
    assert third is None
    assert states(world, events) == ["sent", "retrying", "sent"]


def test_a_channel_that_breaks_between_is_charged_to_nobody(world: World) -> None:
    events = some(3)
    answers = iter([{}, {"mail": 550}])
    world.sender.before = lambda: setattr(world.sender, "answers", next(answers))
    assert handle(world, events) == [None]
    assert states(world, events) == ["sent", "pending", "pending"]
    world.sender.before = lambda: None
    with pytest.raises(DependencyUnavailable):
        handle(world, events[1:])
    assert [world.shown(event)[0].attempts for event in events] == [1, 0, 0]


def test_mails_whose_turn_comes_late_are_released_and_the_next_ones_go_slowly(world: World) -> None:
    events = some(4)
    world.sender.before = lambda: world.clock.forward(seconds=LATE.total_seconds())
    assert handle(world, events) == [None, None]
    assert states(world, events) == ["sent", "sent", "pending", "pending"]
    assert handle(world, events[2:]) == [None]
    assert set(world.sender.timeouts_s) == {60.0}


def test_a_mail_waits_until_the_last_but_one_is_recorded(world: World) -> None:
    events, may_record = some(3), threading.Event()
    record_sent = world.deliveries.record_sent

    def stalled(sent: object) -> object:
        may_record.wait(10)
        return record_sent(sent)  # type: ignore[arg-type]

    world.handler.recorder = Recorder(stalled)  # type: ignore[arg-type]
    thread = threading.Thread(target=handle, args=(world, events))
    thread.start()
    eventually(lambda: len(world.sender.sent) == 2, 5, "two are sent")
    assert states(world, events) == ["pending", "pending", "pending"]
    may_record.set()
    thread.join(10)
    assert states(world, events) == ["sent", "sent", "sent"]


def test_a_recorder_tells_each_and_takes_what_has_gathered_together() -> None:
    entered, go_on, calls = threading.Event(), threading.Event(), list[int]()

    def record(sent: Sequence[object]) -> dict[object, object]:
        calls.append(len(sent))
        entered.set()
        go_on.wait(10)
        if len(calls) == 2:
            raise DependencyUnavailable("away")
        return {}

    recorder = Recorder(record)  # type: ignore[arg-type]
    claims = [Claim(a_key(), uuid4(), ACCEPTED_AT, 1) for _ in range(3)]
    told: list[bool] = []

    def tell(_: object, error: Exception | None) -> None:
        told.append(error is None)

    first = recorder.record(claims[0], ACCEPTED_AT, tell)
    assert entered.wait(10)
    others = [recorder.record(claim, ACCEPTED_AT, tell) for claim in claims[1:]]
    go_on.set()
    first.result(10)
    for other in others:
        with pytest.raises(DependencyUnavailable):
            other.result(10)
    recorder.close()
    assert calls == [1, 2]
    assert told == [True, False, False]


def test_a_pace_goes_by_what_the_last_mails_took() -> None:
    pace = Pace()
    assert pace.most == 1
    pace.note(1, 0.0)
    assert pace.most == MOST
    pace.note(4, 4 * MOMENT_S / 5)
    assert pace.most == 5
    pace.note(0, 0.0)
    assert pace.most == 5
    pace.note(2, timedelta(minutes=2).total_seconds())
    assert pace.most == 1


def test_a_call_ends_with_no_record_under_way_and_nobody_gets_two_mails(world: World) -> None:
    events, calls, first_failed, may_record = some(3), list[int](), threading.Event(), threading.Event()
    record_sent = world.deliveries.record_sent

    def record(sent: Sequence[tuple[Claim, datetime]]) -> Mapping[Key, Confirmation]:
        calls.append(len(sent))
        if len(calls) == 1:
            world.deliveries.away = True
            try:
                return record_sent(sent)
            finally:
                world.deliveries.away = False
        first_failed.set()
        may_record.wait(10)
        return record_sent(sent)

    def let_the_second_wait() -> None:
        if len(world.sender.sent) == 1:
            eventually(lambda: calls, 5, "the first is being recorded")

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
    assert first_failed.wait(10)
    thread.join(0.3)
    assert thread.is_alive(), "the second is still being recorded"
    may_record.set()
    thread.join(10)
    assert [type(end) for end in ends] == [DependencyUnavailable], "nothing came of the first"
    assert handle(world, events) == [None, None, None]
    assert len(world.sender.sent) == len(events)


def test_an_outage_is_told_once(world: World) -> None:
    events = some(3)
    world.sender.before = lambda: setattr(world.deliveries, "away", True)
    with pytest.raises(DependencyUnavailable):
        handle(world, events)
    world.deliveries.away = False
    world.sender.before = lambda: None
    assert handle(world, events) == [None, None, None]
    assert len(world.sender.sent) == len(events)


def test_what_is_decided_before_the_database_is_lost_stays_decided(world: World) -> None:
    events = some(3)
    world.sender.answers = {"rcpt": 450}
    asked = list[int]()

    def lose_it_at_the_second() -> None:
        asked.append(1)
        world.deliveries.away = len(asked) == 2

    world.sender.before = lose_it_at_the_second
    [only] = handle(world, events)
    assert isinstance(only, RetryLater)


def test_a_bug_in_a_record_is_its_own_events_and_its_mail_is_not_sent_again(world: World) -> None:
    events = some(3)
    record_sent, may_record = world.deliveries.record_sent, threading.Event()

    def record(sent: Sequence[tuple[Claim, datetime]]) -> Mapping[Key, Confirmation]:
        may_record.wait(10)
        if any(claim.key.submission_id == events[0].id for claim, _ in sent):
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

    def record(sent: Sequence[tuple[Claim, datetime]]) -> Mapping[Key, Confirmation]:
        if claims[1] in [claim for claim, _ in sent]:
            raise RuntimeError("a bug")
        return {}

    recorder = Recorder(record)
    recordings = [recorder.record(claim, ACCEPTED_AT, lambda *_: None) for claim in claims]
    assert [type(recording.exception(10)) for recording in recordings] == [type(None), RuntimeError, type(None)]
    recorder.close()


def test_a_bug_beside_a_record_under_way_sends_nothing_twice(world: World) -> None:
    events, record_sent = some(3), world.deliveries.record_sent
    bugs = iter([RuntimeError("a bug")])

    def record(sent: Sequence[tuple[Claim, datetime]]) -> Mapping[Key, Confirmation]:
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


def test_a_mail_that_is_not_tried_asks_nothing_of_the_mail_server(world: World) -> None:
    events, compose = some(3), world.channel.composing

    def refuse_the_first(event: SubmissionAccepted, form: Form, address: str) -> Mail:
        if event is events[0]:
            raise Permanent("no mail can be made of it")
        return compose(event, form, address)

    world.channel.composing = refuse_the_first
    before = len(world.sender.timeouts_s)
    assert handle(world, events) == [None, None, None]
    assert states(world, events) == ["failed", "sent", "sent"]
    assert len(world.sender.timeouts_s) - before == len(world.sender.sent) == 2


def test_a_mail_server_that_begins_to_rest_before_the_first_mail_costs_no_attempt(world: World) -> None:
    """While the breaker is half-open, another worker may have its one try between our claims and our mail."""
    events = some(2)
    world.handler.reach = lambda name: setattr(world.sender, "resting", name == "before-send")
    with pytest.raises(DependencyUnavailable):
        handle(world, events)
    assert world.sender.sent == []
    world.handler.reach, world.sender.resting = ignore, False
    assert handle(world, events) == [None, None]
    assert [world.shown(event)[0].attempts for event in events] == [1, 1]


def test_nothing_more_is_sent_once_the_mail_server_rests(world: World) -> None:
    events = some(3)
    world.sender.answers = {"mail": 451}
    world.sender.before = lambda: setattr(world.sender, "resting", True)
    [only] = handle(world, events)
    assert isinstance(only, RetryLater)
    world.sender.resting = False
    assert [len(world.shown(event)) and world.shown(event)[0].attempts for event in events] == [1, 0, 0]


def test_a_recorder_lets_go_of_everyone_whatever_telling_does() -> None:
    recorder = Recorder(lambda sent: {})
    claims = [Claim(a_key(), uuid4(), ACCEPTED_AT, 1) for _ in range(2)]

    def tell(_: object, __: Exception | None) -> None:
        raise RuntimeError("a bug")

    for recording in [recorder.record(claim, ACCEPTED_AT, tell) for claim in claims]:
        with pytest.raises(RuntimeError):
            recording.result(10)
    recorder.close()
