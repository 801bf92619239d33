"""Nobody is told of what a score or a rule holds, and nobody of a score: no mail, room, webhook or hook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from notify_service.channels.channel import Channel
from notify_service.channels.mail.templates import Templates
from notify_service.channels.planned import Planned
from notify_service.channels.registry import CHANNELS, ChannelNeeds, channels
from notify_service.planning.one_channel import OneChannel
from notify_service.planning.planner import plan, plan_release
from shared.contracts import SubmissionAccepted, Verdict
from shared.forms import Form, FormSecrets, Owner, Room, TelegramChat
from shared.forms.webhook import ACCEPTED, RELEASED
from shared.messaging.failures import Delivery
from support.chats import telegram
from support.chats.secrets_of import SECRETS
from support.confirmations import MAIL_FROM, Clock
from support.events import an_event
from support.hooks import FakeHooks, a_hook
from support.webhooks import a_webhook

FORM = Form(
    "signup",
    "Sign up",
    owner=Owner(to=("owner@example.org",)),
    webhook=replace(a_webhook(), events=(ACCEPTED, RELEASED)),
    slack=Room("slack"),
    discord=Room("discord"),
    teams=Room("teams"),
    telegram=TelegramChat("telegram", telegram.CHAT),
    apprise=Room("apprise"),
)
VERDICT = Verdict(97, "12-ca4a21e0", ("word:canary", "links:3:2"))


@pytest.fixture
def every(tmp_path: Path) -> Mapping[str, Channel]:
    """Return every channel that there is, each with something to tell."""
    for name, secret in SECRETS.items():
        (tmp_path / name).write_text(secret)
    hooks = FakeHooks([a_hook(events=(ACCEPTED, RELEASED))])
    made = channels(ChannelNeeds(MAIL_FROM, FormSecrets(tmp_path), Clock(), Templates(), hooks=hooks))
    assert {one.key.channel for one in plan(an_event(), FORM, made)} == CHANNELS.keys(), "vacuous"
    return made


@pytest.mark.parametrize("spam", ["score", "rule:words", "rule:hosts", "rule:links", "rule:time"])
def test_nothing_is_planned_of_what_is_held(every: Mapping[str, Channel], spam: str) -> None:
    event = replace(an_event(), spam=spam, verdict=VERDICT)
    for form in (FORM, None):
        assert plan(event, form, every) == []
        assert plan_release(event, form, every, set()) == []
    for channel in every.values():
        of_old_queues = OneChannel(channel, {"signup": FORM}, lambda _: [], Clock(), is_promised=True)
        assert of_old_queues(Delivery(event)) is None


@pytest.mark.parametrize("name", CHANNELS)
def test_what_is_told_of_a_good_one_is_byte_for_byte_the_same_without_its_score(
    every: Mapping[str, Channel], name: str
) -> None:
    event = an_event()
    for planned in every[name].plan(event, FORM):
        plain, scored = (said(every[name], one, planned) for one in (event, replace(event, verdict=VERDICT)))
        assert plain == scored
        assert "canary" not in scored


def said(channel: Channel, event: SubmissionAccepted, planned: Planned) -> str:
    """Return all that is sent, but for boundaries that are made by chance."""
    composed: Any = channel.compose(event, FORM, planned)
    whole: bytes = composed.content if hasattr(composed, "content") else composed.body
    return re.sub(r"={5,}\d+==", "BOUNDARY", whole.decode())
