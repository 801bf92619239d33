"""A room that has no secret, is busy or refuses: its messages wait, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from notify_service.channels.chat.channel import ChatChannel
from notify_service.channels.chat.slack import Slack
from notify_service.channels.chat.telegram import Telegram
from notify_service.deliveries.retries import AGE_LIMIT, PUT_ASIDE_MOST_S
from shared.contracts import DeliveryDue, SubmissionAccepted, decoder
from shared.forms import Form, FormSecrets, Room, TelegramChat
from shared.messaging.failures import Delivery, RetryLater
from shared.messaging.topology import NOTIFY_HTTP
from support.chats import telegram
from support.events import an_event
from support.planned_world import PlannedWorld
from support.polling import eventually
from support.webhooks import a_webhook

SLACK = "https://hooks.slack.com/services/T0/B0/aSecret"
BOT = f"https://api.telegram.org/bot{telegram.TOKEN}/sendMessage"
MISSING = "no secret: the file cannot be read: No such file or directory"


@pytest.fixture
def world(tmp_path: Path) -> PlannedWorld:
    """A form with a webhook and two rooms: Telegram's has its secret, Slack's has none yet."""
    made, secrets = PlannedWorld(), FormSecrets(tmp_path)
    (tmp_path / "bot").write_text(telegram.TOKEN)
    made.channels |= {"slack": ChatChannel(Slack(), secrets), "telegram": ChatChannel(Telegram(), secrets)}
    chats = {"slack": Room("room"), "telegram": TelegramChat("bot", telegram.CHAT)}
    made.forms["signup"] = Form("signup", "Sign up", webhook=a_webhook(), **chats)  # type: ignore[arg-type]
    return made


def states(world: PlannedWorld, event: SubmissionAccepted) -> dict[str, str]:
    return {one.channel: one.state for one in world.mail.shown(event)}


def due(world: PlannedWorld, channel: str) -> DeliveryDue:
    read = decoder(DeliveryDue)
    found = [read(message.body, message.type) for message in world.broker.queued(NOTIFY_HTTP.name)]
    return next(one for one in found if one.channel == channel)


def test_a_missing_secret_keeps_nothing_else_waiting_and_counts_as_soon_as_it_is_there(
    world: PlannedWorld, tmp_path: Path
) -> None:
    event = an_event()
    told = {"email": "sent", "webhook": "sent", "telegram": "sent"}
    with world.at_work():
        world.submit(event)
        eventually(lambda: states(world, event) == told | {"slack": "retrying"}, 30, "the others are told")
    assert MISSING in world.mail.deliveries.errors
    assert [one.url for one in world.web.caller.posted if "slack" in one.url] == [], "nothing was tried"
    (tmp_path / "room").write_text(SLACK)
    world.planner([Delivery(event)])
    world.clock.forward(seconds=60)
    assert world.webhooks([Delivery(due(world, "slack"), 1)]) == [None]
    assert states(world, event) == told | {"slack": "sent"}


def test_a_secret_that_never_comes_is_a_visible_failure(world: PlannedWorld) -> None:
    event = an_event()
    world.planner([Delivery(event)])
    world.clock.forward(seconds=AGE_LIMIT.total_seconds())
    assert world.webhooks([Delivery(due(world, "slack"), 9)]) == [None]
    assert states(world, event)["slack"] == "failed"
    assert MISSING in world.mail.deliveries.errors


def test_a_busy_bot_says_for_how_long_and_soon_rests(world: PlannedWorld) -> None:
    world.web.caller.answers[BOT], world.web.caller.retry_after = 429, "90"
    events = [an_event() for _ in range(6)]
    world.planner([Delivery(event) for event in events])
    read = decoder(DeliveryDue)
    waiting = [read(message.body, message.type) for message in world.broker.queued(NOTIFY_HTTP.name)]
    results = [world.webhooks([Delivery(one)])[0] for one in waiting if one.channel == "telegram"]
    assert all(isinstance(result, RetryLater) for result in results)
    assert [result.after_s for result in results[:5]] == [90 / 0.8] * 5  # type: ignore[union-attr]
    assert results[5].after_s <= PUT_ASIDE_MOST_S  # type: ignore[union-attr]
    assert len([one for one in world.web.caller.posted if one.url == BOT]) == 5, "then the bot is left alone"
    assert [one.url for one in world.web.caller.posted] == [BOT] * 5


def test_a_room_that_is_taken_off_its_form_has_failed_and_says_so(world: PlannedWorld) -> None:
    event = an_event()
    world.planner([Delivery(event)])
    world.forms["signup"] = Form("signup", "Sign up")
    world.clock.forward(minutes=6)
    assert world.webhooks([Delivery(due(world, "telegram"), 1)]) == [None]
    assert states(world, event)["telegram"] == "failed"
    assert "the form has no Telegram any more" in world.mail.deliveries.errors
