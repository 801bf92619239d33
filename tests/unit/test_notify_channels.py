"""A channel that is added to the dictionary is planned, sent, retried and shown as the others are."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest

from notify_service.channels.planned import Key, Planned
from notify_service.channels.registry import CHANNELS, Listed, told_as
from notify_service.transports.http.sender import Request
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from shared.messaging.topology import NOTIFY_HTTP
from support.events import an_event
from support.planned_world import PlannedWorld
from support.polling import eventually

ROOM = "https://chat.example.org/room"


class ChatChannel:
    """Tells a room, in one line."""

    name = "chat"
    off = "the form has no room any more"

    def plan(self, event: SubmissionAccepted, form: Form | None) -> Sequence[Planned]:
        return [Planned(Key(event.id, self.name, "room"), event.form, ROOM, "chat.example.org", str(event.id))]

    def endpoint(self, planned: Planned, form: Form) -> str | None:
        return planned.destination

    def endpoints(self, form: Form) -> Collection[str]:
        return [ROOM]

    def compose(self, event: SubmissionAccepted, form: Form, planned: Planned) -> Request:
        return Request(planned.destination, f"{form.title}: {event.fields['name']}".encode(), {})


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> PlannedWorld:
    monkeypatch.setitem(CHANNELS, "chat", Listed(lambda _: ChatChannel(), "http", "chat"))
    made = PlannedWorld()
    made.channels["chat"] = ChatChannel()
    made.forms["signup"] = Form("signup", "Sign up")
    return made


def test_another_channel_is_told_beside_the_mail(world: PlannedWorld) -> None:
    event = an_event()
    with world.at_work():
        world.submit(event)
        eventually(lambda: world.web.caller.posted and world.mail.sender.sent, 30, "both leave")
    assert [(one.url, one.body) for one in world.web.caller.posted] == [(ROOM, b"Sign up: Ada Lovelace")]
    assert {one.channel: one.state for one in world.mail.shown(event)} == {"chat": "sent", "email": "sent"}
    assert told_as("chat") == "chat"


def test_its_failure_is_retried_by_itself(world: PlannedWorld) -> None:
    world.web.caller.answers[ROOM] = 500
    event = an_event()
    with world.at_work():
        world.submit(event)
        eventually(lambda: len(world.mail.shown(event)) == 2, 30, "both are tried")
        eventually(lambda: world.mail.deliveries.errors, 30, "and the room refuses")
    assert {one.channel: one.state for one in world.mail.shown(event)} == {"chat": "retrying", "email": "sent"}
    assert sum(len(world.broker.queued(NOTIFY_HTTP.level_queue(level))) for level in NOTIFY_HTTP.levels_s) == 1
