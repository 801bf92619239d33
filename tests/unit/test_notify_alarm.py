"""While an alarm keeps the broker from taking messages, what waits to be planned is worked off all the same."""

from __future__ import annotations

from datetime import timedelta
from typing import NoReturn

import pytest
from structlog.testing import capture_logs

from notify_service.deliveries.caps import Cap, Caps
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from shared.messaging.failures import Delivery, DependencyUnavailable, RetryLater
from shared.messaging.topology import NOTIFY_HTTP, NOTIFY_SMTP, NOTIFY_SUBMISSIONS, WORK_QUEUES
from support.events import an_event
from support.planned_world import PlannedWorld
from support.polling import eventually
from support.webhooks import URL


@pytest.fixture
def world() -> PlannedWorld:
    made = PlannedWorld()
    made.forms["mail"] = Form("mail", "By mail alone")
    made.broker.refusal = "blocked"
    return made


def submit(world: PlannedWorld, *events: SubmissionAccepted) -> None:
    refusal, world.broker.refusal = world.broker.refusal, None
    world.submit(*events)
    world.broker.refusal = refusal


def taken(world: PlannedWorld, *events: SubmissionAccepted) -> list[Exception | None]:
    return list(world.planner([Delivery(event) for event in events]))


def states(world: PlannedWorld, event: SubmissionAccepted) -> dict[str, str]:
    return {one.channel: one.state for one in world.mail.shown(event)}


def waiting(world: PlannedWorld) -> int:
    queues = [name for work in WORK_QUEUES for name in (work.name, *map(work.level_queue, work.levels_s))]
    return sum(len(world.broker.queued(name)) for name in queues)


def test_a_backlog_drains_and_each_delivery_is_made_once(world: PlannedWorld) -> None:
    events = [an_event() for _ in range(20)]
    submit(world, *events, *events[:5])
    with world.at_work():
        eventually(lambda: len(world.mail.sender.sent) == len(world.web.caller.posted) == 20, 30, "the backlog drains")
        eventually(
            lambda: all(states(world, one) == {"email": "sent", "webhook": "sent"} for one in events), 30, "sent"
        )
    assert waiting(world) == 0, "all of it is acked, and nothing was published"
    assert len(world.mail.sender.sent) == len(world.web.caller.posted) == 20


def test_what_is_to_be_retried_is_held_and_goes_its_usual_way_after_the_alarm(world: PlannedWorld) -> None:
    world.web.caller.answers[URL] = 500
    retried, others = an_event(), [an_event(form="mail") for _ in range(5)]
    later, *done = taken(world, retried, *others)
    assert isinstance(later, RetryLater)
    assert done == [None] * 5
    assert states(world, retried) == {"email": "sent", "webhook": "retrying"}
    world.broker.refusal = None
    assert taken(world, retried, *others) == [None] * 6
    assert [len(world.broker.queued(work.name)) for work in (NOTIFY_SMTP, NOTIFY_HTTP)] == [0, 1]
    del world.web.caller.answers[URL]
    with world.at_work():
        eventually(lambda: states(world, retried) == {"email": "sent", "webhook": "sent"}, 30, "it is told after all")
    assert len(world.mail.sender.sent) == 6


def test_a_mail_server_that_is_away_holds_all_whose_mail_it_is_and_no_webhook(world: PlannedWorld) -> None:
    world.mail.sender.resting = True
    event, nameless = an_event(), an_event(name="no address")
    later, done = taken(world, event, nameless)
    assert isinstance(later, RetryLater)
    assert done is None
    assert len(world.web.caller.posted) == 2
    with pytest.raises(DependencyUnavailable):
        taken(world, event)
    world.mail.sender.resting = False
    assert taken(world, event) == [None]
    assert (len(world.mail.sender.sent), len(world.web.caller.posted)) == (1, 2)


def test_after_the_alarm_what_was_held_is_published(world: PlannedWorld) -> None:
    world.mail.sender.resting = True
    events = [an_event() for _ in range(6)]
    submit(world, *events)
    with world.at_work():
        eventually(lambda: world.web.caller.posted, 30, "what can be delivered is")
        world.broker.refusal, world.mail.sender.resting = None, False
        eventually(lambda: not world.broker.queued(NOTIFY_SUBMISSIONS.name), 30, "nothing waits to be planned")
        eventually(lambda: len(world.mail.sender.sent) == 6, 30, "every mail leaves")
        eventually(lambda: len(world.web.caller.posted) == 6, 30, "and every webhook")


def test_what_a_cap_holds_keeps_no_alarm_up(world: PlannedWorld) -> None:
    world.mail.have_caps(Caps(recipient=Cap(1, timedelta(days=1))))
    events = [an_event(form="mail") for _ in range(3)]
    assert taken(world, *events) == [None] * 3
    assert sorted(states(world, one)["email"] for one in events) == ["held", "held", "sent"]


def test_what_meets_a_bug_is_held_and_harms_no_other(world: PlannedWorld) -> None:
    def bug(*_: object) -> NoReturn:
        raise ZeroDivisionError

    world.mail.channel.composing = bug
    with capture_logs() as logged:
        later, done = taken(world, an_event(), an_event(name="no address"))
    assert isinstance(later, RetryLater)
    assert done is None
    assert [one["error"] for one in logged if one["event"] == "handler failed"] == ["ZeroDivisionError"]


def test_a_webhook_that_was_taken_from_its_form_ends_there_and_then(world: PlannedWorld) -> None:
    world.web.caller.answers[URL] = 500
    event = an_event()
    with pytest.raises(DependencyUnavailable):
        taken(world, event)
    world.forms["signup"] = Form("signup", "Sign up")
    world.clock.forward(minutes=5)
    assert taken(world, event) == [None]
    assert states(world, event) == {"email": "sent", "webhook": "failed"}


def test_no_other_refusal_is_answered_in_place(world: PlannedWorld) -> None:
    world.broker.refusal = "closed"
    with pytest.raises(DependencyUnavailable):
        taken(world, an_event())
    assert world.mail.sender.sent == []
