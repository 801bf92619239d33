"""The mail that asks to confirm an address: what it says, where its button leads, and what waits for it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import pytest

from notify_service.channels.channel import Channel
from notify_service.channels.opt_in_wording import NO_SECRET, NOWHERE
from notify_service.channels.planned import Planned
from notify_service.commands import signing
from notify_service.deliveries.states import OPT_IN
from notify_service.history.words import in_words
from notify_service.planning.explaining import explained
from notify_service.planning.planner import plan, plan_release
from notify_service.transports.failures import Permanent, Transient
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from shared.forms.webhook import ACCEPTED, RELEASED
from shared.links.opt_in import LINK_GOOD_FOR, OptInLinks, recipient_of
from support.confirmations import NOON, a_channel, a_form
from support.events import an_event
from support.owner_mails import an_owner_channel
from support.planned_world import PlannedWorld
from support.webhooks import WebhookWorld, a_webhook

LINKS = OptInLinks("a secret of the tests, which is longer than thirty-two")
CHANNEL = a_channel(links=LINKS)
FORM = a_form(opt_in=True)


def one_that_waits(**fields: Any) -> SubmissionAccepted:
    address = "https://forms.example.org/receipts/x.y"
    return replace(an_event(**fields), opt_in=True, accepted_at=NOON, receipt_url=address)


def the_mail(event: SubmissionAccepted, form: Form = FORM, planned: Planned | None = None) -> EmailMessage:
    mail = CHANNEL.compose(event, form, planned or CHANNEL.plan(event, form)[0])
    return message_from_bytes(mail.content, policy=policy.default)


def bodies(mail: EmailMessage) -> tuple[str, str]:
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()


@pytest.mark.parametrize(("language", "asks"), [("en", "Please confirm"), ("de", "Bitte bestätigen")])
def test_it_has_one_button_and_the_same_link_as_text(language: str, asks: str) -> None:
    event = one_that_waits()
    mail = the_mail(event, replace(FORM, language=language))
    text, html = bodies(mail)
    [found] = re.findall(r'href="([^"]+)"', html)
    assert re.findall(r"https?://\S+", text) == [found]
    link = LINKS.read(found.removeprefix("https://forms.example.org/opt-in/"))
    assert link is not None
    assert (link.id, link.form, link.accepted_at) == (event.id, "signup", NOON)
    assert link.expires_at == NOON + LINK_GOOD_FOR
    assert link.recipient == recipient_of("ada@example.org")
    assert asks in text
    assert asks in html
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["Message-ID"].startswith(f"<{event.id}.email@")


def test_it_repeats_nothing_that_was_typed_unless_the_form_says_so() -> None:
    event = one_that_waits(name="Eve, who sells things", email="ada@example.org")
    assert all("sells" not in body for body in bodies(the_mail(event)))
    spoken = the_mail(event, a_form(opt_in=True, text="Dear {name},", subject="One more step, {name}"))
    assert spoken["Subject"] == "One more step, Eve, who sells things"
    for body in bodies(spoken):
        assert "Dear Eve, who sells things," in body
        assert "Please confirm" in body, "a form's own words leave the button and its reason where they are"


def test_one_that_was_asked_for_again_is_good_from_when_it_is_sent() -> None:
    event = replace(one_that_waits(), accepted_at=NOON - timedelta(days=20))
    planned = CHANNEL.plan(event, FORM)[0].requested(uuid4())
    _, html = bodies(the_mail(event, planned=planned))
    link = LINKS.read(re.findall(r"/opt-in/([^\"]+)", html)[0])
    assert link is not None
    assert (link.accepted_at, link.expires_at) == (event.accepted_at, NOON + LINK_GOOD_FOR)


def test_a_gateway_below_a_path_is_found_there() -> None:
    event = replace(one_that_waits(), receipt_url="https://example.org/forms/receipts/x")
    assert "https://example.org/forms/opt-in/" in bodies(the_mail(event))[0]


@pytest.mark.parametrize("url", [None, "", "/receipts/x", "https://example.org/x", "https://a b/receipts/x"])
def test_without_an_address_of_the_gateway_it_is_never_made(url: str | None) -> None:
    with pytest.raises(Permanent) as failed:
        the_mail(replace(one_that_waits(), receipt_url=url))
    assert failed.value.reason == NOWHERE
    assert "COUNTERFOIL_PUBLIC_URL" in in_words("failed", failed.value.reason)


def test_without_a_secret_it_waits_for_one() -> None:
    event = one_that_waits()
    with pytest.raises(Transient) as failed:
        a_channel().compose(event, FORM, CHANNEL.plan(event, FORM)[0])
    assert failed.value.reason == NO_SECRET
    assert "COUNTERFOIL_SECRET is not set" in in_words("retrying", failed.value.reason)


def test_what_was_released_meanwhile_is_confirmed_as_ever() -> None:
    event = replace(one_that_waits(), opt_in=False)
    assert "Thank you" in bodies(the_mail(event))[0]


def test_nothing_but_that_mail_is_due_until_the_address_is_confirmed() -> None:
    world = PlannedWorld()
    form = Form("signup", "Sign up", webhook=a_webhook())
    found = plan(one_that_waits(), form, world.channels)
    assert [(one.key.channel, one.held_for) for one in found] == [("confirmation", None), ("webhook", OPT_IN)]
    assert plan(replace(one_that_waits(), spam="honeypot"), form, world.channels) == []


def test_a_message_for_one_channel_alone_sends_nothing_until_then() -> None:
    world, event = WebhookWorld(), one_that_waits()
    world.handle(event)
    assert world.caller.posted == []
    world.handle(replace(event, opt_in=False))
    assert len(world.caller.posted) == 1


def test_no_release_is_told_of_one_that_still_waits() -> None:
    world = PlannedWorld()
    form = Form("signup", "Sign up", webhook=replace(a_webhook(), events=(ACCEPTED, RELEASED)))
    event = one_that_waits()
    sent = {one.key for one in plan(event, form, world.channels)}
    assert plan_release(event, form, world.channels, sent) == []
    assert plan_release(replace(event, opt_in=False), form, world.channels, sent) != []


def test_its_mail_goes_even_where_the_form_confirms_no_more() -> None:
    assert CHANNEL.plan(one_that_waits(), a_form(enabled=False)) != []
    assert CHANNEL.plan(an_event(), a_form(enabled=False)) == []


def test_it_counts_against_the_caps_when_it_is_asked_for_again() -> None:
    asked, other = (CHANNEL.plan(one, FORM)[0] for one in (one_that_waits(), an_event()))
    assert asked.requested(uuid4()).counted == asked.counted
    assert other.requested(uuid4()).counted != other.counted


def test_the_command_plan_says_what_waits() -> None:
    form = replace(FORM, webhook=a_webhook())
    channels: dict[str, Channel] = {**PlannedWorld().channels, "owner": an_owner_channel()}
    told = {one.channel: one.because for one in explained(one_that_waits(), form, channels).told}
    waits = {
        channel for channel, because in told.items() if because.endswith("; it waits for the address to be confirmed")
    }
    assert waits == {"owner", "webhook:owner"}
    assert told.keys() - waits == {"confirmation"}


def test_owners_read_why_a_delivery_is_held() -> None:
    assert in_words("held", OPT_IN).startswith("It waits for the address to be confirmed")


@pytest.mark.parametrize(
    ("form", "secret", "is_missing"),
    [(FORM, None, True), (FORM, "x", False), (a_form(), None, False)],
)
def test_notify_starts_without_a_secret_unless_a_form_needs_it(
    form: Form, secret: str | None, *, is_missing: bool
) -> None:
    found = signing.missing({"signup": form}, secret)
    assert bool(found) == is_missing
    assert all("COUNTERFOIL_SECRET" in one and "[forms.signup.confirmation]" in one for one in found)
