"""What an accepted submission is planned to become, and which messages say so."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from notify_service.deliveries.due import Due
from notify_service.deliveries.wanted import Wanted
from notify_service.planning.planner import plan
from shared.contracts import Control, DeliveryDue, SubmissionAccepted, decoder
from shared.forms import Form
from shared.messaging.failures import Delivery, DependencyUnavailable, PermanentFailure, RetryLater
from shared.messaging.topology import NOTIFY_HTTP, NOTIFY_SMTP
from support.confirmations import a_form
from support.events import an_event
from support.planned_world import PlannedWorld
from support.routes import a_route
from support.webhooks import a_webhook


@pytest.fixture
def world() -> PlannedWorld:
    return PlannedWorld()


def due_at(world: PlannedWorld, queue: str) -> list[DeliveryDue]:
    read = decoder(DeliveryDue)
    return [read(message.body, message.type) for message in world.broker.queued(queue)]


def planned(world: PlannedWorld, *events: SubmissionAccepted) -> list[object]:
    return list(world.planner([Delivery(event) for event in events]))


@pytest.mark.parametrize(
    ("form", "event", "channels"),
    [
        (Form("signup", "Sign up", webhook=a_webhook()), an_event(), ["confirmation", "webhook"]),
        (Form("signup", "Sign up", webhook=a_webhook()), an_event(name="no address"), ["webhook"]),
        (Form("signup", "Sign up", webhook=a_webhook()), replace(an_event(), spam="honeypot"), []),
        (a_form(), an_event(), ["confirmation"]),
        (a_form(enabled=False), an_event(), []),
        (None, an_event(), ["confirmation"]),
        (None, an_event(name="no address"), []),
    ],
)
def test_a_form_says_what_is_delivered(
    world: PlannedWorld, form: Form | None, event: SubmissionAccepted, channels: list[str]
) -> None:
    assert [one.key.channel for one in plan(event, form, world.channels)] == channels


def test_nothing_that_is_recorded_of_a_destination_is_whole_or_a_secret(world: PlannedWorld) -> None:
    form = Form("signup", "Sign up", webhook=a_webhook("https://hooks.example.com/T0/secret"))
    shown = [one.shown for one in plan(an_event(), form, world.channels)]
    assert shown == ["a…@example.org", "hooks.example.com"]


def test_each_delivery_goes_to_the_queue_of_its_transport_by_its_own_id(world: PlannedWorld) -> None:
    event = an_event()
    assert planned(world, event) == [None]
    [mail], [webhook] = due_at(world, NOTIFY_SMTP.name), due_at(world, NOTIFY_HTTP.name)
    assert (mail.channel, webhook.channel) == ("confirmation", "webhook")
    assert mail.submission == webhook.submission == event
    messages = [*world.broker.queued(NOTIFY_SMTP.name), *world.broker.queued(NOTIFY_HTTP.name)]
    assert [message.id for message in messages] == [str(mail.id), str(webhook.id)]
    assert len({mail.id, webhook.id, event.id}) == 3


def test_the_trace_goes_along(world: PlannedWorld) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    world.planner([Delivery(an_event(), traceparent=trace)])
    [message] = world.broker.queued(NOTIFY_SMTP.name)
    assert message.headers["traceparent"] == trace


def test_what_comes_again_is_published_again_until_it_is_settled(world: PlannedWorld) -> None:
    event = an_event()
    planned(world, event, event)
    planned(world, event)
    [due] = {one.id: one for one in due_at(world, NOTIFY_SMTP.name)}.values()
    world.mail.sender.answers["rcpt"] = 450
    assert isinstance((world.mails([Delivery(due)]) or [])[0], RetryLater)
    before = len(world.broker.queued(NOTIFY_SMTP.name))
    planned(world, event)
    assert len(world.broker.queued(NOTIFY_SMTP.name)) == before + 1, "whether another message carries it, nobody knows"
    world.mail.sender.answers.clear()
    assert world.mails([Delivery(due)]) == [None]
    planned(world, event)
    assert len(world.broker.queued(NOTIFY_SMTP.name)) == before + 1


@pytest.mark.parametrize("again", [Form("signup", "Sign up"), a_form(enabled=False)])
def test_what_was_recorded_and_never_published_fails_visibly_where_its_form_asks_for_less_by_now(
    world: PlannedWorld, again: Form
) -> None:
    event = an_event()
    world.broker.refusal = "timeout"
    with pytest.raises(DependencyUnavailable):
        planned(world, event)
    world.broker.refusal = None
    world.forms["signup"] = again
    assert planned(world, event) == [None]
    [mail], [webhook] = due_at(world, NOTIFY_SMTP.name), due_at(world, NOTIFY_HTTP.name)
    world.clock.forward(minutes=5)
    assert [*world.mails([Delivery(mail, 1)]), *world.webhooks([Delivery(webhook, 1)])] == [None, None]
    assert [one.state for one in world.mail.shown(event)] == [
        "sent" if again.confirmation.enabled else "failed",
        "failed",
    ]


def test_of_what_never_was_planned_nothing_is_published_nor_of_spam(world: PlannedWorld) -> None:
    event = an_event()
    planned(world, event)
    before = [len(due_at(world, queue)) for queue in (NOTIFY_SMTP.name, NOTIFY_HTTP.name)]
    world.forms["signup"] = a_form(enabled=False)
    planned(world, an_event(id=event.id, email="grace@example.org"), replace(event, spam="honeypot"))
    assert [len(due_at(world, queue)) for queue in (NOTIFY_SMTP.name, NOTIFY_HTTP.name)] == before


@pytest.mark.parametrize("in_one", [True, False], ids=["in one batch", "in two"])
def test_the_same_fields_with_another_address_are_confirmed_to_it(world: PlannedWorld, *, in_one: bool) -> None:
    event = replace(an_event(name="Ada"), control=Control(reply_to="ada@example.org"))
    other = replace(event, control=Control(reply_to="grace@example.org"))
    again = replace(event, control=Control(reply_to=" Ada@Example.org"))
    for events in [(event, other, again)] if in_one else [(event,), (other,)]:
        planned(world, *events)
    mails = due_at(world, NOTIFY_SMTP.name)
    assert sorted(str(one.submission.reply_address) for one in mails) == ["ada@example.org", "grace@example.org"]
    assert len(due_at(world, NOTIFY_HTTP.name)) == 1, "the owner is told once"


def test_another_body_under_the_same_id_is_confirmed_to_its_own_address(world: PlannedWorld) -> None:
    event = an_event()
    other = an_event(id=event.id, email="grace@example.org")
    planned(world, event, other)
    mails = due_at(world, NOTIFY_SMTP.name)
    assert {one.submission.reply_address for one in mails} == {"ada@example.org", "grace@example.org"}
    assert len(due_at(world, NOTIFY_HTTP.name)) == 1, "the owner is told once"


def test_a_form_that_is_not_known_yet_is_waited_for_and_others_are_planned(world: PlannedWorld) -> None:
    later, done = planned(world, an_event(form="tomorrow"), an_event())
    assert isinstance(later, RetryLater)
    assert done is None
    assert len(due_at(world, NOTIFY_SMTP.name)) == 1


def test_a_form_that_is_not_known_yet_is_waited_for_without_an_address_too_because_it_may_have_a_webhook(
    world: PlannedWorld,
) -> None:
    nameless, spam = an_event(form="tomorrow", name="Ada"), replace(an_event(form="tomorrow"), spam="honeypot")
    later, done = planned(world, nameless, spam)
    assert isinstance(later, RetryLater)
    assert done is None
    world.clock.forward(hours=72)
    assert planned(world, nameless) == [None]
    assert due_at(world, NOTIFY_SMTP.name) == []


def test_a_delivery_is_as_old_as_it_is_due_where_its_form_is_not_known(world: PlannedWorld) -> None:
    world.clock.forward(hours=72)
    due = Delivery(a_due(world, form="tomorrow"))
    plan = Due(world.channels, world.forms, world.clock, {due.event.id: world.clock.now}.get)
    assert isinstance(plan(due), RetryLater)
    world.clock.forward(hours=72)
    assert isinstance(plan(due), Wanted)


def a_due(world: PlannedWorld, form: str) -> DeliveryDue:
    event = an_event(form=form)
    [one] = world.channels["confirmation"].plan(event, None)
    return DeliveryDue(one.key.id, "confirmation", event)


def test_a_form_that_nobody_ever_knows_fails_its_confirmation_visibly(world: PlannedWorld) -> None:
    world.clock.forward(hours=72)
    event = an_event(form="tomorrow")
    assert planned(world, event) == [None]
    [due] = due_at(world, NOTIFY_SMTP.name)
    assert world.mails([Delivery(due)]) == [None]
    assert world.mail.shown(event)[0].state == "failed"
    assert world.mail.deliveries.errors == ["unknown form"]


def test_what_the_broker_does_not_confirm_is_held(world: PlannedWorld) -> None:
    world.broker.refusal = "nacked"
    with pytest.raises(DependencyUnavailable):
        planned(world, an_event())
    world.broker.refusal = None
    event = an_event()
    planned(world, event)
    assert [one.submission.id for one in due_at(world, NOTIFY_SMTP.name)] == [event.id]


def test_a_delivery_whose_form_has_switched_it_off_since_fails_visibly(world: PlannedWorld) -> None:
    event = an_event()
    planned(world, event)
    [due] = due_at(world, NOTIFY_HTTP.name)
    world.forms["signup"] = Form("signup", "Sign up")
    world.clock.forward(minutes=5)
    assert world.webhooks([Delivery(due, attempt=1)]) == [None]
    assert world.mail.deliveries.errors == ["the form has no such webhook any more"]


def test_a_webhook_that_has_lost_its_name_since_fails_visibly(world: PlannedWorld) -> None:
    event = an_event()
    world.forms["signup"] = Form("signup", "Sign up", webhooks=(replace(a_webhook(), name="crm"),))
    planned(world, event)
    [due] = due_at(world, NOTIFY_HTTP.name)
    assert due.destination == "crm"
    world.forms["signup"] = Form("signup", "Sign up", webhooks=(replace(a_webhook(), name="sales"),))
    assert isinstance(world.webhooks([Delivery(due)])[0], RetryLater), "whoever planned it may have a newer file"
    world.clock.forward(minutes=5)
    assert world.webhooks([Delivery(due, attempt=1)]) == [None]
    assert world.mail.deliveries.errors == ["the form has no such webhook any more"]
    assert world.web.caller.posted == []


def test_what_is_planned_of_a_webhook_without_its_name_is_published_again(world: PlannedWorld) -> None:
    event = an_event()
    world.forms["signup"] = Form("signup", "Sign up", webhooks=(replace(a_webhook(), name="crm"),))
    planned(world, event)
    world.forms["signup"] = Form("signup", "Sign up")
    planned(world, event)
    assert [one.destination for one in due_at(world, NOTIFY_HTTP.name)] == ["crm", "crm"]


@pytest.mark.parametrize(("attempt", "minutes"), [(0, 0), (0, 60), (1, 4)])
def test_a_webhook_that_only_whoever_planned_it_has_in_its_forms_file_is_waited_for(
    world: PlannedWorld, attempt: int, minutes: int
) -> None:
    event, newer = an_event(), world.forms["signup"]
    planned(world, event)
    [due] = due_at(world, NOTIFY_HTTP.name)
    world.forms["signup"] = Form("signup", "Sign up")
    world.clock.forward(minutes=minutes)
    [later] = world.webhooks([Delivery(due, attempt)]) or []
    assert isinstance(later, RetryLater)
    assert str(later) == "its form has no webhook in this service's forms file"
    world.forms["signup"] = newer
    assert world.webhooks([Delivery(due, attempt + 1)]) == [None]
    assert len(world.web.caller.posted) == 1


@pytest.mark.parametrize(("attempt", "minutes", "waits"), [(0, 0, True), (0, 60, True), (1, 4, True), (1, 5, False)])
def test_a_channel_of_a_newer_version_is_waited_for_while_an_update_may_be_under_way(
    world: PlannedWorld, attempt: int, minutes: int, *, waits: bool
) -> None:
    world.clock.forward(minutes=minutes)
    newer = Delivery(DeliveryDue(uuid4(), "carrier-pigeon", an_event()), attempt)
    due = Due(world.channels, world.forms, world.clock)
    if waits:
        assert isinstance(due(newer), RetryLater)
    else:
        with pytest.raises(PermanentFailure, match="'carrier-pigeon' is not known here"):
            due(newer)


def test_what_a_submission_does_not_ask_for_is_parked(world: PlannedWorld) -> None:
    forged = Delivery(DeliveryDue(uuid4(), "confirmation", an_event()))
    with pytest.raises(PermanentFailure, match="does not ask"):
        Due(world.channels, world.forms, world.clock)(forged)


ROUTED = Form("signup", "Sign up", webhook=a_webhook(), routes=(a_route("field.topic:fault", channels=("webhook",)),))


@pytest.mark.parametrize(
    ("event", "channels"),
    [
        (an_event(topic="A fault"), ["webhook"]),
        (an_event(topic="An order"), []),
        (an_event(topic="An order", email="ada@example.org"), ["confirmation"]),
        (replace(an_event(topic="A fault"), spam="honeypot"), []),
    ],
)
def test_routes_say_of_whom_the_form_tells(world: PlannedWorld, event: SubmissionAccepted, channels: list[str]) -> None:
    assert [one.key.channel for one in plan(event, ROUTED, world.channels)] == channels


def test_a_delivery_that_the_routes_do_not_ask_for_any_more_fails_visibly(world: PlannedWorld) -> None:
    world.forms["signup"] = ROUTED
    event = an_event(topic="A fault")
    planned(world, event)
    [due] = due_at(world, NOTIFY_HTTP.name)
    world.forms["signup"] = replace(ROUTED, routes=(a_route("field.topic:order", channels=("webhook",)),))
    [later] = world.webhooks([Delivery(due)]) or []
    assert isinstance(later, RetryLater), "whoever planned it may have the newer file"
    world.clock.forward(minutes=5)
    assert world.webhooks([Delivery(due, attempt=1)]) == [None]
    assert world.mail.deliveries.errors == [world.web.channel.off]
    assert world.web.caller.posted == []


def test_a_delivery_that_the_routes_ask_for_is_made(world: PlannedWorld) -> None:
    world.forms["signup"] = ROUTED
    planned(world, an_event(topic="A fault"), an_event(topic="An order"))
    [due] = due_at(world, NOTIFY_HTTP.name)
    assert world.webhooks([Delivery(due)]) == [None]
    assert len(world.web.caller.posted) == 1
