"""Several confirmations at once: what one of them meets does nothing to the others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notify_service.channels.mail.mailboxes import destination_hash
from notify_service.channels.planned import Key, Planned
from notify_service.deliveries.leases import LATE
from notify_service.deliveries.pace import MOMENT_S, MOST, Pace
from notify_service.transports.failures import Permanent
from notify_service.transports.smtp.mail import Mail
from shared.contracts import SubmissionAccepted
from shared.failpoints import ignore
from shared.forms import Form
from shared.messaging.failures import DependencyUnavailable, RetryLater
from support.confirmations import planned
from support.events import ACCEPTED_AT, an_event
from support.notify_world import World
from support.several import handle, some, states


@pytest.fixture
def world() -> World:
    """A world whose worker has sent one mail, at once, and so takes many."""
    made = World()
    made.handle(an_event(email="first@example.org"))
    made.sender.sent.clear()
    return made


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


def test_a_mail_that_is_not_tried_asks_nothing_of_the_mail_server(world: World) -> None:
    events, compose = some(3), world.channel.composing

    def refuse_the_first(event: SubmissionAccepted, form: Form, planned: Planned) -> Mail:
        if event is events[0]:
            raise Permanent("no mail can be made of it")
        return compose(event, form, planned)

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
