"""An endpoint that is slow, or fails again and again, delays no other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from uuid import uuid4

import pytest

from notify_service.channels.registry import endpoints_of
from notify_service.deliveries.retries import PUT_ASIDE_MOST_S
from notify_service.transports.breaker import FAILURES_TO_OPEN, REST_S
from notify_service.transports.http.endpoints import PATIENCE_S
from notify_service.transports.http.sender import BUSY_AFTER_S, CALLS_MOST, ENDPOINTS_MOST
from shared.forms import Form
from shared.messaging.failures import RetryLater
from support.events import an_event
from support.webhooks import OTHER, URL, WebhookWorld, a_webhook, retried


@pytest.fixture
def world() -> WebhookWorld:
    return WebhookWorld()


def test_an_endpoint_that_fails_again_and_again_rests_and_others_go_on(world: WebhookWorld) -> None:
    world.forms["other"] = Form("other", "Other", webhook=a_webhook(OTHER))
    world.caller.answers[URL] = "timeout"
    for _ in range(FAILURES_TO_OPEN):
        retried(world)
    assert len(world.caller.posted) == FAILURES_TO_OPEN
    claimed = dict(world.deliveries.rows)
    assert [retried(world, attempt=attempt) for attempt in (0, 1, 2, 5)] == [30, 120, 600, PUT_ASIDE_MOST_S]
    assert len(world.caller.posted) == FAILURES_TO_OPEN, "it was not asked"
    assert world.deliveries.rows == claimed, "nothing was charged"
    assert world.sender.resting(endpoints_of(world.channel, world.forms.values())) == 1
    assert world.sender.resting({OTHER}) == 0, "nobody asks for its success any more"
    world.handle(an_event(form="other"))
    assert world.caller.posted[-1].url == OTHER
    world.clock.forward(seconds=REST_S)
    world.caller.answers = {}
    world.handle(an_event())
    world.handle(an_event())
    assert [one.url for one in world.caller.posted[-2:]] == [URL, URL]


def test_an_endpoint_that_uses_up_its_time_rests_at_once(world: WebhookWorld) -> None:
    world.caller.answers[URL] = "overtime"
    retried(world)
    retried(world)
    assert len(world.caller.posted) == 1, "each further one would keep those behind it waiting as long"
    assert world.sender.resting(endpoints_of(world.channel, world.forms.values())) == 1


def test_an_answer_whose_body_does_not_come_is_one_and_counts_against_its_endpoint(world: WebhookWorld) -> None:
    world.caller.answers[URL] = "stall"
    events = [an_event(id=uuid4()) for _ in range(FAILURES_TO_OPEN)]
    for event in events:
        world.handle(event)
    assert {world.shown(event)[0].state for event in events} == {"sent"}
    assert world.sender.resting(endpoints_of(world.channel, world.forms.values())) == 1


def test_no_endpoint_has_all_connections(world: WebhookWorld) -> None:
    world.forms["other"] = Form("other", "Other", webhook=a_webhook(OTHER))
    event = an_event()
    with ExitStack() as slow_calls:
        for _ in range(CALLS_MOST):
            slow_calls.enter_context(world.sender.turn(URL))
        world.clock.forward(seconds=PATIENCE_S)
        with pytest.raises(RetryLater, match="has all the calls it may have") as raised:
            world.handle(event)
        assert raised.value.after_s == BUSY_AFTER_S
        assert world.deliveries.rows == {}, "nothing is charged"
        world.handle(an_event(id=uuid4(), form="other"))
        assert [one.url for one in world.caller.posted] == [OTHER]
    world.handle(event)
    assert world.shown(event)[0].state == "sent", "as soon as they have left"


def test_who_comes_while_a_quick_endpoint_has_all_its_calls_waits_for_an_answer(world: WebhookWorld) -> None:
    with ExitStack() as calls, ThreadPoolExecutor(1) as third:
        for _ in range(CALLS_MOST):
            calls.enter_context(world.sender.turn(URL))
        told = third.submit(world.handle, an_event())
        calls.close()
        told.result(10)
    assert len(world.caller.posted) == 1


def test_what_is_due_later_than_its_submission_waits_at_a_resting_endpoint(world: WebhookWorld) -> None:
    world.clock.forward(hours=72)
    world.caller.answers[URL] = "timeout"
    for _ in range(FAILURES_TO_OPEN):
        world.handle(an_event())
    event = an_event()
    form = world.forms["signup"]
    world.deliveries.due = {one.key.id: world.clock.now for one in world.channel.plan(event, form)}
    with pytest.raises(RetryLater):
        world.handle(event)
    assert world.shown(event) == [], "it was put aside, and not even claimed"


def test_what_gets_too_old_at_a_resting_endpoint_has_failed(world: WebhookWorld) -> None:
    world.clock.forward(hours=72)
    world.caller.answers[URL] = "timeout"
    for _ in range(FAILURES_TO_OPEN):
        world.handle(an_event())
    event = an_event()
    world.handle(event)
    assert world.shown(event)[0].state == "failed"
    assert len(world.caller.posted) == FAILURES_TO_OPEN


def test_endpoints_that_are_idle_are_forgotten_and_those_that_failed_are_not(world: WebhookWorld) -> None:
    world.caller.answers[URL] = "timeout"
    retried(world)
    for number in range(ENDPOINTS_MOST + 50):
        with world.sender.turn(f"https://{number}.example.org/"):
            pass
    known = world.sender._endpoints
    assert URL in known
    assert len(known) < ENDPOINTS_MOST
