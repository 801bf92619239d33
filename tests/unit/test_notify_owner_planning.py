"""Owners are told beside whoever submitted, and neither waits for the other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notify_service.deliveries.due import Due
from notify_service.planning.planner import plan
from notify_service.queries import methods
from shared.contracts import DeliveryDue, decoder
from shared.forms import ConfirmationMail, Form, Owner
from shared.messaging.failures import Delivery, DependencyUnavailable, PermanentFailure, RetryLater
from shared.messaging.topology import NOTIFY_SMTP
from support.events import an_event
from support.owner_mails import an_owner_channel
from support.planned_world import PlannedWorld
from support.polling import eventually

A, B = "a@example.org", "b@example.org"


def told(*addresses: str, enabled: bool = True) -> Form:
    return Form("signup", "Sign up", owner=Owner(to=addresses, enabled=enabled))


@pytest.fixture
def world() -> PlannedWorld:
    world = PlannedWorld()
    world.channels["owner"] = an_owner_channel(clock=world.clock)
    world.forms["signup"] = told(A, B)
    return world


def due_at(world: PlannedWorld) -> list[DeliveryDue]:
    read = decoder(DeliveryDue)
    return [read(message.body, message.type) for message in world.broker.queued(NOTIFY_SMTP.name)]


def test_two_owners_and_who_submitted_each_have_a_delivery(world: PlannedWorld) -> None:
    event = an_event()
    with world.at_work():
        world.submit(event, event)
        eventually(lambda: len(world.mail.sender.sent) == 3, 30, "three mails leave")
    assert sorted(one.recipient for one in world.mail.sender.sent) == [A, "ada@example.org", B]
    assert [(one.channel, one.state) for one in world.mail.shown(event)] == [
        ("email", "sent"),
        ("owner", "sent"),
        ("owner", "sent"),
    ]
    assert [change.confirmation.channel for change in world.mail.announced] == ["email"], "a receipt tells of no owner"


class Nothing:
    def parked_since(self, *_: str) -> dict[str, object]:
        return {}


def test_a_receipt_shows_no_owners_mail_and_nor_is_it_a_webhook(world: PlannedWorld) -> None:
    event = an_event()
    with world.at_work():
        world.submit(event)
        eventually(lambda: len(world.mail.sender.sent) == 3, 30, "three mails leave")
    for method in ("receipt", "deliveries"):
        answer = methods(world.mail.deliveries, Nothing())[method]({"id": str(event.id)})  # type: ignore[arg-type]
        assert [one["channel"] for one in answer["confirmations"]] == ["email"]
        assert answer["webhooks"] == []


def test_nobody_is_told_of_spam_nor_without_a_form(world: PlannedWorld) -> None:
    event = an_event()
    assert plan(replace(event, spam="honeypot"), told(A), world.channels) == []
    assert [one.key.channel for one in plan(event, None, world.channels)] == ["confirmation"]


def test_a_form_that_confirms_to_nobody_tells_its_owner_all_the_same(world: PlannedWorld) -> None:
    form = replace(told(A), confirmation=ConfirmationMail(enabled=False))
    for event in (an_event(), an_event(name="no address")):
        assert [one.destination for one in plan(event, form, world.channels)] == [A]


def test_an_owners_mail_counts_against_no_cap_of_strangers(world: PlannedWorld) -> None:
    for planned in plan(an_event(), told(A, B), world.channels):
        counted = planned.counted
        assert any((counted.recipient, counted.source, counted.form)) is (planned.key.channel == "confirmation")


@pytest.mark.parametrize("now", [told(B), told(B, enabled=False), None], ids=["removed", "off", "form is gone"])
def test_what_waits_for_an_address_that_the_form_has_no_more_fails_visibly(
    world: PlannedWorld, now: Form | None
) -> None:
    event = an_event()
    world.forms["signup"] = replace(told(A), confirmation=ConfirmationMail(enabled=False))
    world.planner([Delivery(event)])
    [due] = due_at(world)
    if now:
        world.forms["signup"] = now
    else:
        del world.forms["signup"]
    assert isinstance((world.mails([Delivery(due)]) or [])[0], RetryLater), "the file may be about to come"
    world.clock.forward(hours=72)
    assert world.mails([Delivery(due, attempt=9)]) == [None]
    assert world.mail.sender.sent == []
    assert world.mail.deliveries.errors == ["the form tells this address no more" if now else "unknown form"]
    assert list(world.mail.deliveries.rows) == list(world.plans.recorded)


def test_what_was_recorded_and_never_published_is_published_whoever_is_told_by_now(world: PlannedWorld) -> None:
    event = an_event(name="no address")
    world.broker.refusal = "timeout"
    with pytest.raises(DependencyUnavailable):
        world.planner([Delivery(event)])
    world.broker.refusal = None
    world.forms["signup"] = told(A)
    assert list(world.planner([Delivery(event)])) == [None]
    assert {one.id for one in due_at(world)} == {key.id for key in world.plans.recorded}
    assert len(due_at(world)) == 2


def test_what_is_another_submissions_is_parked(world: PlannedWorld) -> None:
    event, other = an_event(), an_event()
    [planned] = an_owner_channel([A]).plan(other, Form("signup", "Sign up"))
    forged = DeliveryDue(planned.key.id, "owner", event, planned.key.destination_hash)
    with pytest.raises(PermanentFailure, match="does not ask"):
        Due(world.channels, world.forms, world.clock)(Delivery(forged))
