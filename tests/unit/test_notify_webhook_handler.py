"""What becomes of each event at the queue of webhooks."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn
from uuid import uuid4

import pytest

from notify_service.deliveries.leases import LEASE_MARGIN_S, LEASED_AGAIN_S
from notify_service.deliveries.retries import FILE_ARRIVES
from shared.contracts import Confirmation
from shared.forms import Form
from shared.messaging.failures import BUG_RETRIES, DependencyUnavailable, RetryLater
from support.events import ACCEPTED_AT, an_event
from support.routes import a_route
from support.webhooks import OTHER, URL, WebhookWorld, a_webhook, retried


@pytest.fixture
def world() -> WebhookWorld:
    return WebhookWorld()


def test_the_owner_is_told_of_a_submission_once(world: WebhookWorld) -> None:
    event = an_event()
    world.handle(event)
    world.handle(event)
    [posted] = world.caller.posted
    assert (posted.url, posted.timeout_s) == (URL, 15.0)
    assert world.shown(event) == [Confirmation("webhook", "sent", 1, ACCEPTED_AT)]
    assert world.reached == [
        f"webhook-{point}" for point in ("after-claim", "before-send", "after-send", "after-record")
    ]


def test_nobody_is_told_of_spam_and_the_database_is_not_asked(world: WebhookWorld) -> None:
    world.deliveries.away = True
    world.handle(replace(an_event(), spam="honeypot"))
    assert world.caller.posted == []


def test_a_webhook_that_the_gateway_knows_of_before_this_service_is_waited_for(world: WebhookWorld) -> None:
    event = an_event()
    world.forms["signup"] = Form("signup", "Sign up")
    with pytest.raises(RetryLater, match="no webhook in this service's forms file"):
        world.handle(event)
    assert world.shown(event) == []
    world.forms["signup"] = Form("signup", "Sign up", webhook=a_webhook(URL))
    world.handle(event, attempt=1)
    assert world.shown(event)[0].state == "sent"


def test_a_webhook_that_the_routes_do_not_ask_for_is_none(world: WebhookWorld) -> None:
    routes = (a_route("fault", channels=("webhook",)),)
    world.forms["signup"] = replace(world.forms["signup"], routes=routes)
    fault, order = an_event(topic="A fault"), an_event(topic="An order")
    world.handle(fault)
    world.handle(order)
    assert [world.shown(event) != [] for event in (fault, order)] == [True, False]


def test_what_waits_when_its_form_loses_the_webhook_fails_visibly(world: WebhookWorld) -> None:
    event = an_event()
    world.forms["signup"] = Form("signup", "Sign up")
    world.clock.forward(seconds=FILE_ARRIVES.total_seconds())
    with pytest.raises(RetryLater):  # this service may be younger than the event, and than its file
        world.handle(event)
    world.handle(event, attempt=1)
    assert world.shown(event)[0].state == "failed"
    assert world.deliveries.errors == ["the form has no such webhook any more"]
    assert world.caller.posted == []


def test_a_failure_is_retried_by_the_schedule_with_the_same_id_and_body(world: WebhookWorld) -> None:
    event = an_event()
    world.caller.answers[URL] = 500
    pauses_s = []
    for attempt in range(7):
        with pytest.raises(RetryLater) as raised:
            world.handle(event, attempt=attempt)
        pauses_s.append(raised.value.after_s)
        assert world.shown(event) == [Confirmation("webhook", "retrying", attempt + 1, world.clock.now)]
        world.clock.forward(seconds=raised.value.after_s)
    assert pauses_s == [30, 120, 600, 1800, 7200, 21600, 21600]
    world.caller.answers = {}
    world.handle(event, attempt=7)
    assert world.shown(event)[0].state == "sent"
    assert len({(one.headers["webhook-id"], one.body) for one in world.caller.posted}) == 1
    assert len({one.headers["webhook-timestamp"] for one in world.caller.posted}) == 8, (
        "each attempt has a time of its own"
    )


def test_no_answer_may_have_arrived_and_is_told_again_by_the_same_id(world: WebhookWorld) -> None:
    event = an_event()
    world.caller.answers[URL] = "drop"
    with pytest.raises(RetryLater):
        world.handle(event)
    world.caller.answers = {}
    world.handle(event, attempt=1)
    assert len({one.headers["webhook-id"] for one in world.caller.posted}) == 1


def test_an_endpoint_that_is_gone_fails_visibly_and_is_done(world: WebhookWorld) -> None:
    event = an_event()
    world.caller.answers[URL] = 410
    world.handle(event)
    world.handle(event)
    assert world.shown(event) == [Confirmation("webhook", "failed", 1, ACCEPTED_AT)]
    assert world.deliveries.errors == ["status 410"]
    assert len(world.caller.posted) == 1


def test_retry_after_is_honoured_however_early_a_level_lets_go(world: WebhookWorld) -> None:
    world.caller.answers[URL], world.caller.retry_after = 503, "3600"
    assert retried(world) == 3600 / 0.8
    world.caller.retry_after = "1"
    assert retried(world) == 30, "and no sooner than the schedule"


def test_after_72_hours_a_failure_is_the_last(world: WebhookWorld) -> None:
    event = an_event()
    world.caller.answers[URL] = 500
    world.clock.forward(hours=72)
    world.handle(event, attempt=20)
    assert world.shown(event)[0].state == "failed"
    assert world.deliveries.errors == ["status 500"]


def test_an_old_submission_is_still_tried_once(world: WebhookWorld) -> None:
    world.clock.forward(hours=200)
    world.handle(an_event())
    assert len(world.caller.posted) == 1


def test_an_address_that_is_refused_is_retried_until_it_is_mended(world: WebhookWorld) -> None:
    event = an_event()
    world.caller.answers[URL] = "refuse"
    with pytest.raises(RetryLater):
        world.handle(event)
    assert world.deliveries.errors == ["its address is not public"]
    world.forms["signup"] = Form("signup", "Sign up", webhook=a_webhook(OTHER))
    world.handle(event, attempt=1)
    assert world.shown(event) == [Confirmation("webhook", "sent", 2, ACCEPTED_AT)], (
        "the same delivery, at its new address"
    )


def test_a_form_that_is_not_known_yet_is_waited_for_and_given_up_after_three_days(world: WebhookWorld) -> None:
    event = an_event(form="tomorrow")
    with pytest.raises(RetryLater, match="not in this service's forms file"):
        world.handle(event)
    assert world.shown(event) == []
    world.clock.forward(hours=72)
    world.handle(event, attempt=9)
    assert world.shown(event)[0].state == "failed"


def test_what_is_being_retried_when_its_form_loses_the_webhook_fails(world: WebhookWorld) -> None:
    event = an_event()
    world.caller.answers[URL] = 500
    with pytest.raises(RetryLater):
        world.handle(event)
    world.forms["signup"] = Form("signup", "Sign up")
    world.clock.forward(seconds=FILE_ARRIVES.total_seconds())
    world.handle(event, attempt=1)
    assert world.shown(event)[0].state == "failed"
    assert world.deliveries.errors[-1] == "the form has no such webhook any more"


def test_two_copies_of_an_event_are_told_once(world: WebhookWorld) -> None:
    event, other = an_event(), world.worker()
    held = []

    def second_copy() -> None:
        with pytest.raises(RetryLater, match="another worker") as raised:
            world.handle(event)
        held.append(raised.value.after_s)

    world.caller.before = second_copy
    other([world.delivery(event)])
    assert held == [LEASED_AGAIN_S]
    assert len(world.caller.posted) == 1


def test_a_worker_that_was_frozen_between_claim_and_send_sends_nothing(world: WebhookWorld) -> None:
    world.handler.reach = lambda name: world.clock.forward(seconds=16) if name == "webhook-after-claim" else None
    retried(world)
    assert world.caller.posted == []
    assert LEASE_MARGIN_S < 16


def test_without_its_database_everything_is_held(world: WebhookWorld) -> None:
    world.deliveries.away = True
    with pytest.raises(DependencyUnavailable):
        world.handle(an_event())
    assert world.caller.posted == []


def test_what_was_told_while_the_record_could_not_be_written_is_not_told_again(world: WebhookWorld) -> None:
    event = an_event()

    def away(name: str) -> None:
        world.deliveries.away = name == "webhook-after-send"

    world.handler.reach = away
    with pytest.raises(DependencyUnavailable):
        world.handle(event)
    world.deliveries.away, world.handler.reach = False, lambda _: None
    world.handle(event)
    assert len(world.caller.posted) == 1
    assert world.shown(event)[0].state == "sent"


def test_a_bug_is_recorded_and_the_last_time_as_failed(world: WebhookWorld) -> None:
    event = an_event(id=uuid4())

    def bug() -> NoReturn:
        raise ZeroDivisionError

    world.caller.before = bug
    for failures in range(BUG_RETRIES + 1):
        with pytest.raises(ZeroDivisionError):
            world.handle(event, attempt=failures, failures=failures)
        assert world.shown(event)[0].state == ("failed" if failures == BUG_RETRIES else "retrying")
    assert set(world.deliveries.errors) == {"unexpected ZeroDivisionError"}
