"""An owner whose mail fails for an hour is told so in the form's chat, once."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from notify_service.channels.channel import Channel
from notify_service.channels.chat.channel import ChatChannel
from notify_service.channels.mail.templates import Templates
from notify_service.channels.registry import ChannelNeeds, channels
from notify_service.transports.http.sender import HttpSender
from notify_service.upkeep.owners import AT_ONCE, TellOwners
from shared.forms import Form, FormSecrets, Room
from support.confirmations import MAIL_FROM, NOON, Clock
from support.webhooks import FakeCaller

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SLACK, DISCORD = (
    "https://hooks.slack.com/services/T0/B0/aSecret",
    "https://discord.com/api/webhooks/1/aSecret?wait=true",
)


class World:
    """`tell` under test; `failing` are the forms whose owner has no mail."""

    def __init__(self, folder: Path, forms: dict[str, Form]) -> None:
        (folder / "slack").write_text(SLACK)
        (folder / "discord").write_text(DISCORD.partition("?")[0])
        self.caller, self.failing = FakeCaller(), set[str]()
        made: dict[str, Channel] = channels(ChannelNeeds(MAIL_FROM, FormSecrets(folder), Clock(), Templates()))
        rooms = {name: one for name, one in made.items() if isinstance(one, ChatChannel)}
        sender = HttpSender(self.caller, Clock())
        self.tell = TellOwners(lambda _: set(self.failing), forms, rooms, sender)

    def said(self) -> list[str]:
        return [one.url for one in self.caller.posted]


@pytest.fixture
def world(tmp_path: Path) -> World:
    both = Form("contact", "Contact us", slack=Room("slack"), discord=Room("discord"))
    return World(tmp_path, {"contact": both, "plain": Form("plain", "Plain")})


def test_it_is_said_after_an_hour_and_once_until_mail_arrives_again(world: World) -> None:
    world.failing = {"contact", "plain", "of no file"}
    for minutes in (0, 59):
        world.tell(NOON + minutes * MINUTE)
        assert world.said() == []
    for minutes in (60, 61, 600):
        world.tell(NOON + minutes * MINUTE)
        assert world.said() == [SLACK], "the first room is enough"
    text = json.dumps(json.loads(world.caller.posted[0].body))
    assert "Mail to you does not arrive: Contact us" in text
    assert "python -m notify_service deliveries --failed --form contact" in text
    world.failing = set()
    world.tell(NOON + 601 * MINUTE)
    world.failing = {"contact"}
    for minutes in (700, 760):
        world.tell(NOON + minutes * MINUTE)
    assert world.said() == [SLACK, SLACK]


def test_a_room_that_does_not_take_it_leaves_it_to_the_next_and_to_the_next_minute(world: World) -> None:
    world.failing, world.caller.answers = {"contact"}, {SLACK: 404, DISCORD: 500}
    world.tell(NOON)
    world.tell(NOON + HOUR)
    assert world.said() == [SLACK, DISCORD]
    world.caller.answers = {SLACK: "timeout"}
    world.tell(NOON + HOUR + MINUTE)
    world.tell(NOON + HOUR + 2 * MINUTE)
    assert world.said() == [SLACK, DISCORD] * 2, "then it was told"


def test_however_many_forms_fail_a_turn_has_an_end(tmp_path: Path) -> None:
    forms = {f"form{number}": Form(f"form{number}", "Title", slack=Room("slack")) for number in range(3 * AT_ONCE)}
    world = World(tmp_path, forms)
    world.failing = set(forms)
    world.tell(NOON)
    for minutes in range(3):
        world.tell(NOON + HOUR + minutes * MINUTE)
        assert len(world.said()) == (minutes + 1) * AT_ONCE
