"""What waits for its address to be confirmed: in any order its mail goes, all else once it is, and nothing before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from notify_service.deliveries.caps import Cap, Caps
from notify_service.deliveries.states import OPT_IN
from notify_service.tables import MIGRATIONS
from shared import database
from shared.contracts import DeliveryRequested, SubmissionAccepted, SubmissionReleased
from shared.contracts.delivery_requested import REQUESTED_BY_VISITOR
from shared.messaging.failures import Delivery
from support.confirmations import NOON
from support.events import an_event
from support.migrating import migrate
from support.wishes import Wishes, as_spam

WAITS = ["confirmation sent", "webhook held"]
DONE = ["confirmation sent", "webhook sent"]


@pytest.fixture
def engine(notify_database_url: str) -> Iterator[Engine]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield engine
    engine.dispose()


@pytest.fixture
def wishes(engine: Engine) -> Wishes:
    return Wishes(engine)


def one_that_waits() -> SubmissionAccepted:
    return replace(an_event(), accepted_at=NOON, opt_in=True)


def pressed(wishes: Wishes, event: SubmissionAccepted, version: int) -> None:
    """Release it as storage does once the button was pressed."""
    released = SubmissionReleased(version, replace(event, opt_in=False), by_hand=False)
    assert wishes.release([Delivery(released)]) == [None]


def asked_again(wishes: Wishes, event: SubmissionAccepted, by: str = REQUESTED_BY_VISITOR) -> None:
    wishes.again(DeliveryRequested(uuid4(), "confirmation", event, by, wishes.clock()))


def test_its_mail_goes_and_all_else_is_held_until_the_button(wishes: Wishes) -> None:
    event = one_that_waits()
    wishes.accepted(event)
    assert wishes.work_off() == 1
    assert wishes.states(event) == WAITS
    [held] = wishes.rows(event, "webhook")
    assert (held.last_error, held.due_at, held.destination_shown) == (OPT_IN, None, "owner.example.org")
    pressed(wishes, event, 2)
    assert [one.channel for one in wishes.publish.due] == ["webhook"], "the mail was sent, and is not sent again"
    assert wishes.work_off() == 1
    assert wishes.states(event) == DONE


def test_what_comes_again_is_no_reason_to_look_at_what_waits(wishes: Wishes) -> None:
    event = one_that_waits()
    wishes.accepted(event)
    assert wishes.work_off() == 1
    wishes.accepted(event)
    assert wishes.publish.taken() == []
    pressed(wishes, event, 2)
    pressed(wishes, event, 2)
    wishes.accepted(event)
    assert {one.channel for one in wishes.publish.due} == {"webhook"}
    assert wishes.work_off() == 1


def test_a_message_of_what_waits_sends_nothing(wishes: Wishes) -> None:
    event = one_that_waits()
    wishes.accepted(event)
    pressed(wishes, event, 2)
    [webhook] = [one for one in wishes.publish.taken() if one.channel == "webhook"]
    another = one_that_waits()
    wishes.accepted(another)
    wishes.publish.taken()
    key = wishes.rows(another, "webhook")[0].id
    wishes.publish([(replace(webhook, id=key, submission=another), None)])
    assert wishes.work_off() == 0
    assert wishes.states(another) == ["confirmation pending", "webhook held"]


def test_spam_that_is_released_while_it_waits_brings_its_mail_alone(wishes: Wishes) -> None:
    event = one_that_waits()
    wishes.accepted(as_spam(event))
    assert wishes.rows(event) == []
    wishes.released(as_spam(event), 2)
    assert wishes.work_off() == 1
    assert wishes.states(event) == WAITS
    pressed(wishes, event, 3)
    assert wishes.work_off() == 1
    assert wishes.states(event) == DONE


def test_what_was_withheld_and_released_waits_as_before(wishes: Wishes) -> None:
    event = one_that_waits()
    wishes.accepted(event)
    wishes.withheld(event.id, 2)
    assert wishes.work_off() == 0
    wishes.released(event, 3)
    assert wishes.states(event) == ["confirmation pending", "webhook held"]
    assert wishes.rows(event, "webhook")[0].last_error == OPT_IN
    assert wishes.work_off() == 1
    wishes.withheld(event.id, 4)
    pressed(wishes, event, 3)
    assert wishes.states(event) == ["confirmation sent", "webhook cancelled"], "a later verdict stands"


def test_what_was_withheld_waits_as_before_although_its_form_tells_nobody_of_it_any_more(wishes: Wishes) -> None:
    event = one_that_waits()
    wishes.accepted(event)
    wishes.withheld(event.id, 2)
    wishes.forms["signup"] = replace(wishes.forms["signup"], webhook=None)
    wishes.released(event, 3)
    assert wishes.states(event) == ["confirmation pending", "webhook held"]
    assert wishes.rows(event, "webhook")[0].last_error == OPT_IN


def test_nobody_can_ask_for_what_waits(wishes: Wishes) -> None:
    event = one_that_waits()
    asked = wishes.requested(event, "webhook")
    wishes.accepted(event)
    wishes.requested(event, "webhook")
    assert wishes.work_off() == 1
    assert {(row.channel, row.state) for row in wishes.rows(event)} == {("confirmation", "sent"), ("webhook", "held")}
    assert {one.state for one in wishes.told() if one.request == asked.id} <= {"held"}
    pressed(wishes, event, 2)
    wishes.work_off()
    assert {row.state for row in wishes.rows(event, "webhook")} == {"sent"}


def test_storage_is_told_nothing_of_what_waits_in_order(wishes: Wishes) -> None:
    event = one_that_waits()
    wishes.accepted(event)
    wishes.work_off()
    assert wishes.told() == []
    pressed(wishes, event, 2)
    wishes.work_off()
    assert wishes.told() == [], "nor of what went as it should"


def test_storage_is_told_what_became_of_what_waited_where_that_is_out_of_the_ordinary(wishes: Wishes) -> None:
    event = one_that_waits()
    wishes.accepted(event)
    wishes.work_off()
    pressed(wishes, event, 2)
    wishes.work_off("failed", "status 500")
    assert [(one.channel, one.state) for one in wishes.told()] == [("webhook", "failed")]


def test_what_is_erased_while_it_waits_is_gone(wishes: Wishes) -> None:
    event = one_that_waits()
    wishes.accepted(event)
    wishes.work_off()
    wishes.erased(event.id, NOON + timedelta(hours=1))
    pressed(wishes, event, 2)
    asked_again(wishes, event)
    assert wishes.publish.taken() == []
    assert wishes.rows(event) == []


def test_the_mail_again_counts_against_the_caps_and_goes_round_none(engine: Engine) -> None:
    wishes = Wishes(engine, Caps(recipient=Cap(2, timedelta(days=1))))
    event = one_that_waits()
    wishes.accepted(event)
    for _ in range(3):
        asked_again(wishes, event)
        wishes.work_off()
    mails = wishes.rows(event, "confirmation")
    assert [row.state for row in mails].count("sent") == 2
    assert [row.last_error for row in mails if row.state == "held"] == ["limit recipient"]
    asked_again(wishes, event)
    wishes.work_off()
    assert [row.state for row in wishes.rows(event, "confirmation")].count("sent") == 2


def test_an_owner_may_send_what_a_cap_holds(engine: Engine) -> None:
    wishes = Wishes(engine, Caps(recipient=Cap(1, timedelta(days=1))))
    first, second = one_that_waits(), one_that_waits()
    wishes.accepted(first)
    wishes.accepted(second)
    assert wishes.work_off() == 1
    asked_again(wishes, second, by="ada")
    assert wishes.work_off() == 1


STEPS = ("accepted", "again", "withheld", "released", "pressed", "late", "asked", "webhook asked", "work", "work")


def step_of(wishes: Wishes, event: SubmissionAccepted, name: str) -> Callable[[], object]:
    steps: dict[str, Callable[[], object]] = {
        "accepted": partial(wishes.accepted, event),
        "again": partial(wishes.accepted, event),
        "withheld": partial(wishes.withheld, event.id, 2),
        "released": partial(wishes.released, event, 3),
        "pressed": partial(pressed, wishes, event, 4),
        "late": partial(pressed, wishes, event, 4),
        "asked": partial(asked_again, wishes, event),
        "webhook asked": partial(wishes.requested, event, "webhook"),
        "work": wishes.work_off,
    }
    return steps[name]


@contextmanager
def nothing_before_the_button(wishes: Wishes, event: SubmissionAccepted, *, is_pressed: bool) -> Iterator[None]:
    yield
    went = [row for row in wishes.rows(event, "webhook") if row.state in {"sent", "sending", "pending"}]
    assert is_pressed or not went


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(STEPS))
@example(["released", "work", "pressed", "work", "accepted", "again", "withheld", "late", "asked", "webhook asked"])
@example(["pressed", "accepted", "work", "released", "withheld", "again", "work", "late", "asked", "webhook asked"])
@example(["accepted", "withheld", "released", "webhook asked", "work", "pressed", "work", "late", "asked", "again"])
def test_in_any_order_nothing_goes_before_the_button_and_all_after_it(wishes: Wishes, order: Sequence[str]) -> None:
    event, done = one_that_waits(), set[str]()
    for name in order:
        done.add(name)
        with nothing_before_the_button(wishes, event, is_pressed=bool(done & {"pressed", "late"})):
            step_of(wishes, event, name)()
    wishes.work_off()
    assert {row.channel for row in wishes.rows(event) if row.state == "sent"} == {"confirmation", "webhook"}
    assert {row.state for row in wishes.rows(event)} == {"sent"}
