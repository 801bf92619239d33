"""Hooks are called as webhooks are: for their forms and events alone, signed, retried, and never after 410."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from standardwebhooks import Webhook as Signer

from notify_service.channels.hook import GONE, Hook, HookChannel, erased_of, erasure
from notify_service.channels.planned import Key
from notify_service.hooks.known import FRESH_S, KnownHooks
from notify_service.planning.planner import plan, plan_release
from notify_service.transports.failures import Permanent
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from shared.messaging.failures import DependencyUnavailable
from shared.webhook_bodies import ACCEPTED, ERASED, RELEASED
from support.confirmations import Clock
from support.events import an_event
from support.hooks import CATCH, FakeHooks, FakeHookTable, a_hook
from support.planned_world import PlannedWorld
from support.polling import eventually
from support.webhooks import SECRET, Posted

FORM = Form("signup", "Sign up")
OTHER = "https://another.example.org/catch"


def planned(event: SubmissionAccepted, *hooks: Hook) -> list[str]:
    """Return the addresses that are called for an event."""
    channel = HookChannel(FakeHooks(list(hooks)), Clock())
    return [one.destination for one in plan(event, FORM, {"hook": channel})]


@pytest.fixture
def hooks() -> FakeHooks:
    return FakeHooks()


@pytest.fixture
def world(hooks: FakeHooks) -> PlannedWorld:
    made = PlannedWorld()
    made.forms["signup"] = FORM
    made.channels["hook"] = HookChannel(hooks, made.clock, "https://forms.example.org")
    return made


def test_it_is_called_signed_beside_the_mail(world: PlannedWorld, hooks: FakeHooks) -> None:
    hook, event = a_hook(), an_event()
    hooks.hooks.append(hook)
    with world.at_work():
        world.submit(event)
        eventually(lambda: world.web.caller.posted and world.mail.sender.sent, 30, "both leave")
    [call] = world.web.caller.posted
    assert call.url == CATCH
    assert call.headers["webhook-id"] == f"accepted_{event.id}_{hook.id}"
    told = signed_body(call, world)
    assert (told["id"], told["type"]) == (f"accepted_{event.id}", ACCEPTED)
    assert told["data"]["fields"] == dict(event.fields)
    assert told["data"]["submission_url"] == f"https://forms.example.org/console/submissions/{event.id}"
    assert {one.channel: one.state for one in world.mail.shown(event)} == {"hook": "sent", "email": "sent"}


def signed_body(call: Posted, world: PlannedWorld) -> dict[str, Any]:
    """Return the body of a call whose signature is good at the time of this world."""
    body = call.body.decode()
    assert call.headers["webhook-signature"] == Signer(SECRET).sign(call.headers["webhook-id"], world.clock(), body)
    read: dict[str, Any] = json.loads(body)
    return read


def test_a_hook_hears_of_its_forms_and_its_events_alone() -> None:
    event, clock = an_event(), Clock()
    every = a_hook(forms=None)
    ended = a_hook(OTHER, expires_at=clock())
    lasting = a_hook(OTHER, expires_at=clock() + timedelta(seconds=1))
    assert planned(event, a_hook(), a_hook(OTHER, forms=frozenset({"contact"}))) == [CATCH]
    assert planned(event, every, ended) == [CATCH]
    assert planned(event, lasting) == [OTHER]
    assert planned(event, a_hook(events=[RELEASED, ERASED])) == []
    assert planned(replace(event, spam="honeypot"), every) == []


def test_a_release_is_told_to_who_had_it_before_or_asks_for_that_alone() -> None:
    event, both, alone = an_event(), a_hook(events=[ACCEPTED, RELEASED]), a_hook(OTHER, events=[RELEASED])
    channels = {"hook": HookChannel(FakeHooks([both, alone]), Clock())}

    def told(*sent: Key) -> list[str]:
        return [one.destination for one in plan_release(event, FORM, channels, set(sent))]

    assert told() == [OTHER]
    assert told(Key(event.id, "hook", str(both.id))) == [CATCH, OTHER]


def test_an_erasure_is_told_by_the_id_alone() -> None:
    hook, submission, clock = a_hook(events=[ACCEPTED, ERASED]), uuid4(), Clock()
    channel = HookChannel(FakeHooks([hook, a_hook(OTHER)]), clock)
    event = erasure(submission, "signup", clock())
    assert erased_of(event) == submission
    [one] = channel.plan(event, FORM)
    body = channel.compose(event, FORM, one).body.decode()
    assert one.destination == CATCH
    assert f'"data":{{"id":"{submission}","form":"signup"}}' in body
    assert '"type":"submission.erased"' in body


def test_nobody_can_submit_what_stands_for_an_erasure() -> None:
    """Its id follows from the id that it names; a submission's own never does."""
    event = erasure(uuid4(), "signup", Clock()())
    assert erased_of(replace(event, id=uuid4())) is None
    assert erased_of(replace(event, fields={**event.fields, "name": "Ada"})) is None
    assert erased_of(replace(event, fields={"id": "no id"})) is None


def test_410_ends_the_hook_and_fails_the_delivery_visibly(world: PlannedWorld, hooks: FakeHooks) -> None:
    hook, event = a_hook(), an_event()
    hooks.hooks.append(hook)
    world.web.caller.answers[CATCH] = 410
    with world.at_work():
        world.submit(event)
        eventually(lambda: hooks.ended == [hook], 30, "it is ended")
        eventually(lambda: world.mail.deliveries.errors, 30, "and recorded")
    assert f"status 410: {GONE}" in world.mail.deliveries.errors
    world.web.caller.posted.clear()
    assert planned(an_event(), *hooks.hooks) == []


def test_one_that_has_ended_is_not_called(hooks: FakeHooks) -> None:
    hook, event = a_hook(), an_event()
    hooks.hooks.append(hook)
    channel = HookChannel(hooks, Clock())
    [one] = channel.plan(event, FORM)
    hooks.hooks.clear()
    with pytest.raises(Permanent, match="its hook has ended"):
        channel.compose(event, FORM, one)


def test_one_that_has_expired_since_is_not_called(hooks: FakeHooks) -> None:
    event, clock = an_event(), Clock()
    hooks.hooks.append(a_hook(expires_at=clock() + timedelta(seconds=1)))
    channel = HookChannel(hooks, clock)
    [one] = channel.plan(event, FORM)
    clock.forward(seconds=1)
    with pytest.raises(Permanent, match="its hook has ended"):
        channel.compose(event, FORM, one)


def test_planning_asks_the_database_once_in_some_seconds() -> None:
    table, now_s = FakeHookTable(), [100.0]
    known = KnownHooks(table.live, table.gone, Clock(), lambda: now_s[0])
    assert [known() for _ in range(1000)] == [[]] * 1000
    assert table.read == 1
    table.hooks.append(hook := a_hook())
    now_s[0] += FRESH_S
    assert known() == [hook]
    assert table.read == 2


def test_what_is_told_counts_at_once_where_it_was_taken() -> None:
    table = FakeHookTable()
    known = KnownHooks(table.live, table.gone, Clock())
    assert known() == []
    table.hooks.append(hook := a_hook())
    known.forget()
    assert known() == [hook]
    assert known.known() == [hook]


def test_a_database_that_is_away_is_said_and_asked_again() -> None:
    table = FakeHookTable([a_hook()], failure=DependencyUnavailable("away"))
    known = KnownHooks(table.live, table.gone, Clock())
    for _ in range(2):
        with pytest.raises(DependencyUnavailable):
            known()
    known.gone(table.hooks[0])  # it answers 410 again: nothing is raised
    table.failure = None
    assert known() == table.hooks
    known.gone(table.hooks[0])
    assert table.ended == [(table.hooks[0].id, 1)]
