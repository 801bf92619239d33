"""A room as a channel: whom it tells, that it waits for its secret, and that nobody sees that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from notify_service.channels.chat.apprise import MISSING, Apprise
from notify_service.channels.chat.channel import ChatChannel
from notify_service.channels.mail.templates import Templates
from notify_service.channels.registry import CHANNELS, ChannelNeeds, channels, endpoints_of, sent_by, with_secrets
from notify_service.transports.failures import Permanent, Transient
from shared.forms import Form, FormSecrets, Room, TelegramChat
from shared.forms.owner import Owner
from support.chats import telegram
from support.chats.posting import SUBJECTS
from support.chats.secrets_of import SECRETS
from support.confirmations import MAIL_FROM, Clock
from support.events import an_event

FORM = Form(
    "signup",
    "Sign up",
    slack=Room("slack"),
    discord=Room("discord"),
    teams=Room("teams"),
    telegram=TelegramChat("telegram", telegram.CHAT),
    apprise=Room("apprise"),
)
NAMES = list(SECRETS)
TEMPLATES = Templates()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, secret in SECRETS.items():
        (tmp_path / name).write_text(secret + "\n")
    return tmp_path


def a_channel(name: str, folder: Path) -> ChatChannel:
    made = channels(ChannelNeeds(MAIL_FROM, FormSecrets(folder), Clock(), TEMPLATES))[name]
    assert isinstance(made, ChatChannel)
    return made


@pytest.mark.parametrize("name", NAMES)
def test_a_form_with_a_room_has_one_delivery_there_and_without_none(name: str, folder: Path) -> None:
    channel, event = a_channel(name, folder), an_event()
    [planned] = channel.plan(event, FORM)
    assert (planned.key.channel, planned.key.destination_hash) == (name, name)
    assert planned.key == channel.plan(event, None)[0].key, "whoever plans it, and whatever its address is by now"
    assert planned.provider_id == f"{event.id}.{name}"
    assert channel.plan(event, Form("signup", "Sign up")) == []
    with pytest.raises(Permanent, match=r"the form has no \w+ any more"):
        channel.compose(event, Form("signup", "Sign up"), planned)


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_is_recorded_or_shown(name: str, folder: Path) -> None:
    channel, event = a_channel(name, folder), an_event()
    [planned] = channel.plan(event, FORM)
    request = channel.compose(event, FORM, planned)
    shown = [planned.shown, repr(planned), repr(request), repr(channel.plan(event, None)), repr(FORM)]
    assert not [text for text in shown if "aSecret" in text]
    assert request.url == channel.endpoint(planned, FORM), "the breaker of the one is that of the other"
    assert endpoints_of(channel, [FORM, Form("other", "Other")]) == {request.url}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", [None, "", "nonsense", "one\ntwo", "http://[", "https://example.org/\nx"])
def test_without_a_good_secret_it_waits_and_says_why(name: str, content: str | None, folder: Path) -> None:
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_text(content)
    channel, event = a_channel(name, folder), an_event()
    [planned] = channel.plan(event, FORM)
    assert channel.endpoint(planned, FORM) is None, "nobody's breaker keeps it from failing when it is too old"
    assert endpoints_of(channel, [FORM]) == set()
    with pytest.raises(Transient, match="no secret: ") as raised:
        channel.compose(event, FORM, planned)
    assert not raised.value.tells_of_channel
    assert "nonsense" not in raised.value.reason
    (folder / name).write_text(SECRETS[name])
    assert channel.compose(event, FORM, planned).url, "as soon as it is there, it counts"


@pytest.mark.parametrize(
    ("chat", "secret", "shown", "url"),
    [
        (
            TelegramChat("f", "1"),
            "1:aaaaaaaaaa",
            "api.telegram.org",
            "https://api.telegram.org/bot1:aaaaaaaaaa/sendMessage",
        ),
        (
            TelegramChat("f", "1", "http://10.0.0.7:8081/"),
            "1:aaaaaaaaaa",
            "10.0.0.7:8081",
            "http://10.0.0.7:8081/bot1:aaaaaaaaaa/sendMessage",
        ),
    ],
)
def test_a_bot_api_of_ones_own_is_called_where_it_is(chat: TelegramChat, secret: str, shown: str, url: str) -> None:
    service = SUBJECTS["telegram"].service
    assert service.shown(chat) == shown
    assert service.address(chat, secret) == url


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ("https://discord.com/api/webhooks/1/x", "https://discord.com/api/webhooks/1/x?wait=true"),
        (
            "https://discord.com/api/webhooks/1/x?thread_id=5",
            "https://discord.com/api/webhooks/1/x?thread_id=5&wait=true",
        ),
    ],
)
def test_discord_is_asked_to_wait_until_a_message_is_saved(given: str, called: str) -> None:
    assert SUBJECTS["discord"].service.address(Room("f"), given) == called


def test_without_apprise_its_deliveries_wait_and_name_the_extra(folder: Path) -> None:
    channel, event = ChatChannel(Apprise(None), FormSecrets(folder)), an_event()
    [planned] = channel.plan(event, FORM)
    assert channel.endpoint(planned, FORM) is None
    with pytest.raises(Transient) as raised:
        channel.compose(event, FORM, planned)
    assert raised.value.reason == MISSING


def test_the_registry_knows_of_each_that_it_has_a_secret_and_goes_by_http() -> None:
    assert set(NAMES) < set(with_secrets())
    assert set(NAMES) < set(sent_by("http"))
    assert [CHANNELS[name].told_as for name in NAMES] == NAMES


def test_an_owner_who_is_told_anywhere_is_told() -> None:
    by_nobody = Form("signup", "Sign up", owner=Owner(enabled=False))
    assert not by_nobody.tells_owner
    for name in NAMES:
        assert replace(by_nobody, **{name: getattr(FORM, name)}).tells_owner


def test_all_chats_of_a_bot_share_what_is_known_of_it_and_no_other_bot_does(folder: Path) -> None:
    (folder / "other").write_text("7:otherotherother")
    channel = a_channel("telegram", folder)
    here, there = FORM, replace(FORM, telegram=TelegramChat("telegram", "-5"))
    elsewhere = replace(FORM, telegram=TelegramChat("other", "-5"))
    assert channel.endpoints(here) == channel.endpoints(there)
    assert channel.endpoints(here) != channel.endpoints(elsewhere)
