from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import NoReturn
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from notify_service.channels.mail.composer import message_id
from notify_service.channels.mail.mailboxes import destination_hash
from notify_service.channels.planned import Key
from notify_service.deliveries.leases import LATE, LEASE_MARGIN_S, LEASED_AGAIN_S
from notify_service.transports.smtp.answers import Stage
from shared.contracts import Confirmation, ConfirmationChanged, Control
from shared.messaging.failures import BUG_RETRIES, Delivery, DependencyUnavailable, RetryLater
from support.confirmations import a_form, planned
from support.events import ACCEPTED_AT, an_event
from support.notify_world import World


@pytest.fixture
def world() -> World:
    return World()


def test_a_submission_is_confirmed_to_its_address_once(world: World) -> None:
    event = an_event()
    world.handle(event)
    world.handle(event)
    [mail] = world.sender.sent
    assert mail.recipient == "ada@example.org"
    assert world.shown(event) == [Confirmation("email", "sent", 1, ACCEPTED_AT)]
    assert world.announced == [ConfirmationChanged(event.id, Confirmation("email", "sent", 1, ACCEPTED_AT))]
    assert world.reached == ["after-claim", "before-send", "after-send", "after-record"]


def test_the_mail_may_take_as_long_as_its_lease_less_the_margin(world: World) -> None:
    event = an_event()
    leases = []
    world.sender.before = lambda: leases.append(next(iter(world.deliveries.rows.values())).lease_until)
    world.handle(event)
    assert world.sender.timeouts_s == [60.0]
    assert leases == [ACCEPTED_AT + LATE + timedelta(seconds=60 + LEASE_MARGIN_S)]


def test_a_worker_that_was_frozen_between_claim_and_send_sends_nothing(world: World) -> None:
    event = an_event()
    world.handler.reach = lambda name: world.clock.forward(seconds=61) if name == "after-claim" else None
    with pytest.raises(RetryLater):
        world.handle(event)
    assert world.sender.sent == []
    assert world.shown(event)[0].state == "retrying"


@pytest.mark.parametrize(("stage", "code"), [("rcpt", 450), ("mail", 421), ("data", 451), ("data", None)])
def test_a_transient_answer_is_retried_by_the_schedule(world: World, stage: Stage, code: int | None) -> None:
    event = an_event()
    world.sender.answers = {stage: code}
    pauses_s = []
    for attempt in range(7):
        with pytest.raises(RetryLater) as raised:
            world.handle(event, attempt=attempt)
        pauses_s.append(raised.value.after_s)
        assert world.shown(event) == [Confirmation("email", "retrying", attempt + 1, ACCEPTED_AT)]
    assert pauses_s == [30, 120, 600, 1800, 7200, 21600, 21600]
    assert [change.confirmation.state for change in world.announced] == ["retrying"] * 7
    world.sender.answers = {}
    world.handle(event, attempt=7)
    assert world.shown(event)[0].state == "sent"


def test_after_72_hours_a_transient_answer_is_the_last(world: World) -> None:
    event = an_event()
    world.sender.answers = {"rcpt": 450}
    world.clock.forward(hours=72)
    world.handle(event, attempt=20)
    assert world.shown(event)[0].state == "failed"
    assert world.deliveries.errors == ["rcpt 450"]


def test_what_was_released_or_requested_later_is_younger_than_its_submission(world: World) -> None:
    event = an_event()
    world.sender.answers = {"rcpt": 450}
    world.clock.forward(hours=100)
    world.deliveries.due = {one.key.id: world.clock.now for one in world.channel.plan(event, a_form())}
    world.clock.forward(hours=71)
    with pytest.raises(RetryLater):
        world.handle(event, attempt=5)
    world.clock.forward(hours=1)
    world.handle(event, attempt=6)
    assert world.shown(event)[0].state == "failed"


def test_each_try_is_kept_with_what_the_server_said(world: World) -> None:
    event, other = an_event(), an_event()
    world.handle(event)
    world.sender.answers = {"rcpt": 550}
    world.handle(other)
    told = [(key.submission_id, outcome, tried.said) for key, outcome, tried in world.deliveries.tries]
    assert told == [(event.id, "sent", "250 2.0.0 queued"), (other.id, "failed", "550")]
    assert all(0 <= tried.took_ms < 10_000 for _, _, tried in world.deliveries.tries)


def test_an_old_submission_is_still_tried_once(world: World) -> None:
    event = an_event()
    world.clock.forward(hours=200)
    world.handle(event)
    assert len(world.sender.sent) == 1


def test_a_lost_answer_after_the_dot_leads_to_the_same_message_id(world: World) -> None:
    event = an_event()
    world.sender.answers = {"data": None}
    with pytest.raises(RetryLater):
        world.handle(event)
    world.sender.answers = {}
    world.handle(event, attempt=1)
    expected = f"Message-ID: {message_id(f'{event.id}.email', 'example.org')}".encode()
    assert [expected in mail.content.split(b"\r\n") for mail in world.sender.sent] == [True, True]


def test_a_permanent_answer_fails_visibly_and_is_done(world: World) -> None:
    event = an_event()
    world.sender.answers = {"rcpt": 550}
    world.handle(event)
    world.sender.answers = {}
    world.handle(event)
    assert world.sender.sent == []
    assert world.shown(event) == [Confirmation("email", "failed", 1, ACCEPTED_AT)]
    assert world.deliveries.errors == ["rcpt 550"]


def test_an_address_that_cannot_be_one_fails_visibly(world: World) -> None:
    event = replace(an_event(), control=Control(reply_to="ada@example.org\r\nBcc: eve@example.org"))
    world.handle(event)
    assert world.sender.sent == []
    assert world.shown(event)[0].state == "failed"
    assert world.deliveries.errors == ["control character in the address"]


@pytest.mark.parametrize(("stage", "code"), [("login", 535), ("mail", 550), ("connect", None), ("starttls", None)])
def test_a_broken_channel_is_charged_to_nobody(world: World, stage: Stage, code: int | None) -> None:
    event = an_event()
    world.sender.answers = {stage: code}
    for _ in range(3):
        with pytest.raises(DependencyUnavailable):
            world.handle(event)
        assert world.shown(event) == [Confirmation("email", "pending", 0, ACCEPTED_AT)]
    assert world.announced == []
    world.sender.answers = {}
    world.handle(event)
    assert world.shown(event)[0] == Confirmation("email", "sent", 1, ACCEPTED_AT)


def test_while_the_breaker_rests_nothing_is_claimed(world: World) -> None:
    world.sender.resting = True
    with pytest.raises(DependencyUnavailable):
        world.handle(an_event())
    assert world.deliveries.rows == {}


@pytest.mark.parametrize(("held_s", "after_s"), [(0, LEASED_AGAIN_S), (20, LEASED_AGAIN_S), (74, 2), (75.5, 1)])
def test_what_another_worker_holds_is_looked_at_again_soon(world: World, held_s: float, after_s: float) -> None:
    event, other = an_event(), world.worker()
    during: list[float] = []

    def meanwhile() -> None:
        world.sender.before = lambda: None
        world.clock.forward(seconds=held_s)
        with pytest.raises(RetryLater) as raised:
            world.work(other, Delivery(event))
        during.append(raised.value.after_s)

    world.sender.before = meanwhile
    world.handle(event)
    assert during == [after_s]
    assert len(world.sender.sent) == 1


def test_deferrals_for_another_workers_lease_lengthen_no_pause(world: World) -> None:
    event = an_event()
    world.sender.answers = {"rcpt": 450}
    with pytest.raises(RetryLater) as raised:
        world.handle(event, attempt=15)
    assert raised.value.after_s == 30


def test_a_worker_that_died_is_succeeded_when_its_lease_is_over(world: World) -> None:
    event = an_event()
    key = Key(event.id, "confirmation", destination_hash(event.id, "ada@example.org"))
    lease_until = ACCEPTED_AT + timedelta(seconds=75)
    world.deliveries.claim([planned(key)], lease_holder=uuid4(), now=ACCEPTED_AT, lease_until=lease_until)
    with pytest.raises(RetryLater):
        world.handle(event)
    world.clock.now = lease_until
    world.handle(event)
    assert world.shown(event) == [Confirmation("email", "sent", 2, lease_until)]


def test_a_mail_that_could_not_be_recorded_is_recorded_later_and_not_sent_again(world: World) -> None:
    event = an_event()
    world.sender.before = lambda: setattr(world.deliveries, "away", True)
    with capture_logs() as logs, pytest.raises(DependencyUnavailable):
        world.handle(event)
    assert [(each["event"], each["outcome"]) for each in logs] == [("confirmation not recorded", "sent")]
    with pytest.raises(DependencyUnavailable):
        world.handle(event)
    world.deliveries.away = False
    world.clock.forward(seconds=500)
    world.work(world.worker(), Delivery(event))  # another consumer of the process: the first one gave it back
    assert len(world.sender.sent) == 1
    assert world.announced == [ConfirmationChanged(event.id, Confirmation("email", "sent", 1, ACCEPTED_AT))]


class Bug(Exception):
    """Nothing that a handler should meet."""


@pytest.mark.parametrize("place", ["compose", "send"])
def test_a_bug_is_visible_while_it_is_retried_and_when_its_event_is_parked(world: World, place: str) -> None:
    event = an_event()
    if place == "compose":
        world.channel.composing = raise_bug
    else:
        world.sender.before = raise_bug
    for failures in range(BUG_RETRIES + 1):
        with pytest.raises(Bug):
            world.work(world.handler, Delivery(event, attempt=failures, failures=failures))
    states = ["retrying"] * BUG_RETRIES + ["failed"]
    assert [change.confirmation.state for change in world.announced] == states
    assert world.shown(event) == [Confirmation("email", "failed", BUG_RETRIES + 1, ACCEPTED_AT)]
    assert world.deliveries.errors == ["unexpected Bug"] * (BUG_RETRIES + 1)
    assert world.sender.sent == []


def test_after_many_retries_of_another_kind_a_bug_is_still_retried(world: World) -> None:
    event = an_event()
    world.channel.composing = raise_bug
    with pytest.raises(Bug):
        world.handle(event, attempt=BUG_RETRIES + 10)
    assert world.shown(event)[0].state == "retrying"


def raise_bug(*_: object) -> NoReturn:
    raise Bug
