"""What owners are told links to the page of the submission, where it is known where the console is reached."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from notify_service.channels.channel import Channel
from notify_service.channels.mail.templates import Templates
from notify_service.channels.registry import ChannelNeeds, channels
from notify_service.channels.submission_page import page_of
from shared.contracts import SubmissionAccepted
from shared.forms import Form, FormSecrets, Room, TelegramChat, Webhook
from storage_service.console.pages.submission.place import ROOT
from support.chats import telegram
from support.chats.secrets_of import SECRETS
from support.composed import bodies
from support.confirmations import MAIL_FROM, Clock
from support.events import an_event
from support.owner_mails import an_owner_channel, owner_mail
from support.webhooks import SECRET, URL

CONSOLE = "https://console.example.org"
FORM = Form(
    "signup",
    "Sign up",
    webhook=Webhook(URL, secret=SECRET),
    slack=Room("slack"),
    discord=Room("discord"),
    teams=Room("teams"),
    telegram=TelegramChat("telegram", telegram.CHAT),
    apprise=Room("apprise"),
)


@pytest.fixture
def needs(tmp_path: Path) -> ChannelNeeds:
    for name, secret in SECRETS.items():
        (tmp_path / name).write_text(secret)
    return ChannelNeeds(MAIL_FROM, FormSecrets(tmp_path), Clock(), Templates(), owner_mail=["owner@example.org"])


def said(channel: Channel, event: SubmissionAccepted) -> str:
    [planned] = channel.plan(event, FORM)
    body: bytes = channel.compose(event, FORM, planned).body
    return body.decode()


def test_the_address_is_that_of_the_consoles_page_and_holds_the_id_alone() -> None:
    event = an_event()
    assert page_of(CONSOLE, event.id) == f"{CONSOLE}{ROOT}/{event.id}"
    assert page_of(None, event.id) is None


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_owners_mail_links_to_it_in_both_parts(language: str) -> None:
    event, form = an_event(), replace(FORM, language=language)
    url = page_of(CONSOLE, event.id)
    text, html = bodies(owner_mail(event, form, an_owner_channel(console_url=CONSOLE)))
    assert f": {url}\r\n" in text or f": {url}\n" in text
    assert f'<a href="{url}"' in html
    assert html.count("<a") == 1
    assert not [body for body in bodies(owner_mail(event, form)) if "/console/" in body or "<a" in body]


@pytest.mark.parametrize("name", SECRETS)
def test_a_room_is_told_where_it_is(name: str, needs: ChannelNeeds) -> None:
    event = an_event()
    linked = said(channels(replace(needs, console_url=CONSOLE))[name], event)
    assert linked.count(f"{CONSOLE}/console/submissions/{event.id}") == 1
    assert "/console/" not in said(channels(needs)[name], event)


def test_a_webhook_has_it_as_a_member_that_is_left_out_where_nobody_knows_it(needs: ChannelNeeds) -> None:
    event = an_event()
    linked = json.loads(said(channels(replace(needs, console_url=CONSOLE))["webhook"], event))
    without = json.loads(said(channels(needs)["webhook"], event))
    assert linked["data"].pop("submission_url") == page_of(CONSOLE, event.id)
    assert linked == without


def test_a_confirmation_never_names_the_console(needs: ChannelNeeds) -> None:
    event = an_event()
    channel = channels(replace(needs, console_url=CONSOLE))["confirmation"]
    [planned] = channel.plan(event, FORM)
    assert b"console" not in channel.compose(event, FORM, planned).content
