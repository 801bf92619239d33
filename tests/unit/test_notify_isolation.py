"""What is wrong with one delivery, or with one way out, delays and harms no other."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import NoReturn

import pytest

from shared.forms import Form
from shared.messaging.topology import NOTIFY_SMTP
from support.events import an_event
from support.planned_world import PlannedWorld
from support.polling import eventually
from support.webhooks import URL, a_webhook

OTHER = "https://another.example.org/hook"


@pytest.fixture
def world() -> PlannedWorld:
    return PlannedWorld()


def test_a_submission_is_told_over_every_channel_of_its_form(world: PlannedWorld) -> None:
    event = an_event()
    with world.at_work():
        world.submit(event, event)
        eventually(lambda: len(world.mail.sender.sent) == len(world.web.caller.posted) == 1, 30, "both leave")
    assert [(one.channel, one.state) for one in world.mail.shown(event)] == [("email", "sent"), ("webhook", "sent")]
    assert [change.confirmation.channel for change in world.mail.announced] == ["email"]


def test_a_dead_mail_server_delays_no_webhook(world: PlannedWorld) -> None:
    world.mail.sender.resting = True
    with world.at_work():
        world.submit(*(an_event() for _ in range(10)))
        eventually(lambda: len(world.web.caller.posted) == 10, 30, "every webhook leaves")
        assert world.mail.sender.sent == []
        world.mail.sender.resting = False
        eventually(lambda: len(world.mail.sender.sent) == 10, 30, "and every mail, once the server is back")


def test_a_dead_endpoint_delays_no_mail(world: PlannedWorld) -> None:
    world.forms["other"] = Form("other", "Other", webhook=a_webhook(OTHER))
    hangs = threading.Event()

    def hang() -> None:
        hangs.wait(60)

    world.web.caller.before = hang
    try:
        with world.at_work():
            world.submit(*(an_event() for _ in range(10)))
            eventually(lambda: len(world.mail.sender.sent) == 10, 30, "every mail leaves")
            assert world.web.caller.posted == []
            hangs.set()
            eventually(lambda: len(world.web.caller.posted) == 10, 30, "and every webhook, once it answers")
    finally:
        hangs.set()


def test_an_endpoint_that_fails_delays_no_other(world: PlannedWorld) -> None:
    world.forms["other"] = Form("other", "Other", webhook=a_webhook(OTHER))
    world.web.caller.answers[URL] = "timeout"
    with world.at_work():
        world.submit(*(an_event(form=form) for form in ["signup", "other"] * 6))
        eventually(lambda: [one.url for one in world.web.caller.posted].count(OTHER) == 6, 30, "the other is told")


@pytest.mark.parametrize("dead", ["timeout", "overtime", 500])
def test_a_dead_webhook_delays_neither_another_of_its_form_nor_mail(world: PlannedWorld, dead: int | str) -> None:
    crm = replace(a_webhook(OTHER), name="crm")
    world.forms["signup"] = Form("signup", "Sign up", webhook=a_webhook(), webhooks=(crm,))
    world.web.caller.answers[URL] = dead
    with world.at_work():
        world.submit(*(an_event() for _ in range(10)))
        eventually(lambda: [one.url for one in world.web.caller.posted].count(OTHER) == 10, 30, "the other is told")
        eventually(lambda: len(world.mail.sender.sent) == 10, 30, "and every mail leaves")
        states = world.mail.deliveries.rows
        eventually(lambda: sum(row.state == "sent" for row in states.values()) == 20, 30, "and both are recorded")
    assert {row.state for key, row in states.items() if key.destination_hash == "owner"} <= {"retrying"}


def test_one_poison_delivery_harms_none_of_its_submissions_others(world: PlannedWorld) -> None:
    def bug(*_: object) -> NoReturn:
        raise ZeroDivisionError

    world.mail.channel.composing = bug
    event = an_event()
    with world.at_work():
        world.submit(event)
        eventually(lambda: world.web.caller.posted, 30, "its webhook leaves")
        eventually(lambda: world.mail.deliveries.errors, 30, "its mail meets the bug")
    assert {one.channel: one.state for one in world.mail.shown(event)} == {"email": "retrying", "webhook": "sent"}
    waiting = [name for level in NOTIFY_SMTP.levels_s for name in world.broker.queued(NOTIFY_SMTP.level_queue(level))]
    assert len(waiting) == 1, "the mail alone is tried again"
