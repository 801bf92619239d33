"""For whom no mail is sent, and how that shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from notify_service.channels.planned import Key
from notify_service.deliveries.caps import Cap, Caps
from shared.contracts import Confirmation, Source
from shared.forms.webhook import OWNER
from shared.messaging.failures import RetryLater
from support.confirmations import a_form, planned
from support.events import an_event
from support.notify_world import World


@pytest.fixture
def world() -> World:
    return World()


def test_without_an_address_nothing_is_done(world: World) -> None:
    world.handle(an_event(name="Ada Lovelace"))
    world.handle(an_event(form="unknown", name="Ada Lovelace"))
    assert world.sender.sent == []
    assert world.deliveries.rows == {}


def test_spam_is_not_confirmed(world: World) -> None:
    world.handle(replace(an_event(), spam="honeypot"))
    world.handle(replace(an_event(form="unknown"), spam="honeypot"))
    assert world.sender.sent == []
    assert world.deliveries.rows == {}


def test_without_a_confirmation_in_its_form_nothing_is_done(world: World) -> None:
    world.forms["signup"] = a_form(enabled=False)
    world.handle(an_event())
    assert world.sender.sent == []
    assert world.deliveries.rows == {}


def test_what_is_retried_while_its_form_stops_confirming_fails_visibly(world: World) -> None:
    event = an_event()
    world.sender.answers["rcpt"] = 450
    with pytest.raises(RetryLater):
        world.handle(event)
    world.forms["signup"] = a_form(enabled=False)
    world.handle(event, attempt=1)
    assert world.shown(event)[0].state == "failed"
    assert world.deliveries.errors[-1] == "the form confirms no more"
    assert world.sender.sent == []


def test_a_webhook_of_the_same_submission_is_no_confirmation(world: World) -> None:
    event = an_event()
    webhook = Key(event.id, "webhook", OWNER)
    now = world.clock.now
    world.deliveries.claim([planned(webhook)], lease_holder=uuid4(), now=now, lease_until=now)
    world.forms["signup"] = a_form(enabled=False)
    world.handle(event, attempt=1)
    assert [key.channel for key in world.deliveries.rows] == ["webhook"]


def test_what_waited_for_a_form_that_confirms_nothing_is_done(world: World) -> None:
    event = an_event(form="new")
    with pytest.raises(RetryLater):
        world.handle(event)
    world.forms["new"] = a_form("new", enabled=False)
    world.handle(event, attempt=1)
    assert world.deliveries.rows == {}


def test_an_unknown_form_waits_for_its_definition(world: World) -> None:
    event = an_event(form="new")
    pauses_s = []
    for attempt in range(3):
        with pytest.raises(RetryLater, match="'new' is not in this service's forms file") as raised:
            world.handle(event, attempt=attempt)
        pauses_s.append(raised.value.after_s)
    assert pauses_s == [30, 120, 600]
    assert world.deliveries.rows == {}
    world.forms["new"] = a_form("new")
    world.handle(event, attempt=3)
    assert len(world.sender.sent) == 1


def test_an_unknown_form_fails_visibly_in_the_end(world: World) -> None:
    event = an_event(form="new")
    world.clock.forward(hours=72)
    world.handle(event, attempt=14)
    assert world.shown(event)[0].state == "failed"
    assert world.deliveries.errors == ["unknown form"]
    assert world.announced[0].confirmation.state == "failed"


def test_beyond_a_cap_a_confirmation_is_held_and_comes_back_and_nobody_is_told(world: World) -> None:
    world.have_caps(Caps(recipient=Cap(2, timedelta(hours=1))))
    events = [an_event(email=address) for address in ("ada@example.org", "Ada@example.org", "ada+3@example.org")]
    for event in events[:2]:
        world.handle(event)
    told = list(world.announced)
    with capture_logs() as logs, pytest.raises(RetryLater, match="limit recipient") as raised:
        world.handle(events[2])
    assert raised.value.after_s == 1800
    assert [(each["event"], each["reason"]) for each in logs] == [("confirmation held", "limit recipient")]
    assert [world.shown(event)[0].state for event in events] == ["sent", "sent", "held"]
    assert world.announced == told
    world.clock.forward(hours=1)
    world.handle(events[2], attempt=2)
    assert [mail.recipient for mail in world.sender.sent][2:] == ["ada+3@example.org"]
    assert world.shown(events[2])[0].attempts == 1


def test_what_a_cap_holds_for_72_hours_fails_visibly_and_its_submission_is_done(world: World) -> None:
    world.have_caps(Caps(form=Cap(1, timedelta(days=30))))
    first, second = some = [an_event(), an_event(email="bob@example.org")]
    world.handle(first)
    with pytest.raises(RetryLater, match="limit form"):
        world.handle(second)
    world.clock.forward(hours=72)
    for event in (*some, *some):
        world.handle(event, attempt=90)
    failed = Confirmation("email", "failed", 0, world.clock.now)
    assert world.shown(second) == [replace(failed, limit="form")]
    assert second.id not in {one.id for one in world.announced}, "who watches a receipt is not told of the limit"
    assert len(world.announced) == 1
    assert len(world.sender.sent) == 1


def test_a_submission_counts_by_its_source_and_its_form(world: World) -> None:
    world.have_caps(Caps(source=Cap(2, timedelta(hours=1))))
    world.forms["other"] = a_form("other")
    events = [an_event(form=form, email=f"{n}@example.org") for n, form in enumerate(["signup", "other", "signup"])]
    for event in events[:2]:
        world.handle(replace(event, source=Source("203.0.113.7")))
    with pytest.raises(RetryLater, match="limit source"):
        world.handle(replace(events[2], source=Source("203.0.113.7")))
    world.handle(replace(events[2], source=Source("203.0.113.8")))
    for number in range(5):  # a proxy's address: everybody's
        world.handle(replace(an_event(email=f"x{number}@example.org"), source=Source("10.0.0.1")))
