"""Several webhooks of one form: each is told by itself, and knows a call by an id of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from notify_service.channels.planned import Key
from notify_service.channels.registry import endpoints_of
from notify_service.channels.webhook import WebhookChannel, webhook_id
from notify_service.planning.planner import plan, plan_release
from notify_service.transports.failures import Permanent, Transient
from shared.forms import Form, FormSecrets, Header, Webhook
from shared.forms.webhook import ACCEPTED, RELEASED
from support.confirmations import Clock
from support.events import an_event
from support.webhooks import OTHER, URL, a_webhook

ID = UUID("019aac3c-7a3b-7a52-8d1f-6f350a0e9e0a")


def named(name: str, url: str = OTHER, **more: object) -> Webhook:
    return replace(a_webhook(url), name=name, **more)  # type: ignore[arg-type]


@pytest.fixture
def channel(tmp_path: Path) -> WebhookChannel:
    return WebhookChannel(FormSecrets(tmp_path), Clock())


def test_each_is_planned_by_its_name_whatever_its_address(channel: WebhookChannel) -> None:
    event = replace(an_event(), id=ID)
    form = Form("signup", "Sign up", webhook=a_webhook(), webhooks=(named("crm"), named("chat", URL)))
    first = channel.plan(event, form)
    assert [one.key.destination_hash for one in first] == ["owner", "crm", "chat"]
    assert [one.shown for one in first] == [
        "owner.example.org",
        "crm (another.example.org)",
        "chat (owner.example.org)",
    ]
    assert [one.provider_id for one in first] == [f"accepted_{ID}{end}" for end in ("", "_crm", "_chat")]
    moved = replace(form, webhooks=(named("crm", "https://elsewhere.example.org/"),))
    assert channel.plan(event, moved)[1].key == first[1].key
    assert endpoints_of(channel, [form]) == {URL, OTHER}


def test_what_was_planned_for_the_only_webhook_of_before_is_known_by_the_same_id(channel: WebhookChannel) -> None:
    """As versions before had it: key and webhook-id of a form's one webhook have not changed."""
    event = replace(an_event(), id=ID)
    [before] = channel.plan(event, Form("signup", "Sign up", webhook=a_webhook()))
    assert before.key == Key(ID, "webhook", "owner")
    assert before.key.id == UUID("19a7f46b-8df4-5d09-a778-c601d2dbd647")
    assert webhook_id(ID) == before.provider_id == f"accepted_{ID}"


def test_the_owners_headers_go_along_and_change_none_of_ours(channel: WebhookChannel, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("Bearer abc\n")
    crm = named("crm", headers=(Header("X-Team", "sales"), Header("Authorization", file="token")))
    event, form = an_event(), Form("signup", "Sign up", webhooks=(crm,))
    [planned] = channel.plan(event, form)
    request = channel.compose(event, form, planned)
    assert {"X-Team": "sales", "Authorization": "Bearer abc"}.items() <= request.headers.items()
    assert request.headers["Content-Type"] == "application/json"
    assert channel.endpoint(planned, form) == OTHER


def test_without_the_file_of_a_header_nothing_is_sent(channel: WebhookChannel) -> None:
    crm = named("crm", headers=(Header("Authorization", file="token"),))
    event, form = an_event(), Form("signup", "Sign up", webhooks=(crm,))
    [planned] = channel.plan(event, form)
    assert channel.endpoint(planned, form) is None
    with pytest.raises(Transient, match="no secret: the file cannot be read"):
        channel.compose(event, form, planned)


def test_one_that_is_gone_has_failed(channel: WebhookChannel) -> None:
    event, form = an_event(), Form("signup", "Sign up", webhooks=(named("crm"),))
    [planned] = channel.plan(event, form)
    with pytest.raises(Permanent, match="no such webhook any more"):
        channel.compose(event, replace(form, webhooks=(named("other"),)), planned)


BOTH = (ACCEPTED, RELEASED)


@pytest.mark.parametrize(
    ("events", "had", "accepted", "released"),
    [
        ((ACCEPTED,), False, ["accepted"], []),
        ((ACCEPTED,), True, ["accepted"], []),
        (BOTH, False, ["accepted"], []),
        (BOTH, True, ["accepted"], ["released"]),
        ((RELEASED,), False, [], ["released"]),
    ],
)
def test_a_release_is_told_to_who_had_it_before_or_asks_for_that_alone(
    channel: WebhookChannel, events: tuple[str, ...], had: bool, accepted: list[str], released: list[str]
) -> None:
    event, form = replace(an_event(), id=ID), Form("signup", "Sign up", webhooks=(named("crm", events=events),))
    channels = {"webhook": channel}
    sent = {Key(ID, "webhook", "crm")} if had else set()
    assert [one.provider_id for one in plan(event, form, channels)] == [f"{what}_{ID}_crm" for what in accepted]
    again = plan_release(event, form, channels, sent)
    assert [one.provider_id for one in again] == [f"{what}_{ID}_crm" for what in released]
    for one in again:
        assert json.loads(channel.compose(event, form, one).body)["type"] == "submission.released"
        assert one.key.id not in {key.id for key in sent}
