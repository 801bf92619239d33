"""Each chat over HTTP, with and without TLS, to what checks what the real service checks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from notify_service.channels.chat.message import Message, message_of
from notify_service.transports.failures import Permanent, Transient
from notify_service.transports.http.answers import Postponed
from notify_service.transports.http.connection import GuardedCaller
from notify_service.transports.http.sender import HttpSender, Request
from shared.forms import Form
from support.chats.posting import HOSTILE, SUBJECTS, Subject
from support.chats.stand_in import Reply, StandIn
from support.events import an_event

BY_TLS = ["slack", "discord", "teams", "telegram"]


@pytest.fixture(params=[*SUBJECTS, *(f"{name} by TLS" for name in BY_TLS)])
def subject(request: pytest.FixtureRequest) -> Subject:
    return SUBJECTS[request.param.removesuffix(" by TLS")]


@pytest.fixture
def place(subject: Subject, request: pytest.FixtureRequest) -> Iterator[StandIn]:
    with subject.stand_in(tls=request.node.callspec.params["subject"].endswith("TLS")) as running:
        yield running


@pytest.fixture
def sender(caller: GuardedCaller) -> HttpSender:
    return HttpSender(caller, lambda: datetime.now(UTC))


def a_message() -> Message:
    return message_of(replace(an_event(), fields=HOSTILE), Form("any", "Any form"), None)


def a_request(subject: Subject, place: StandIn) -> Request:
    chat, secret = subject.chat(place), subject.secret(place)
    return subject.service.request(chat, secret.replace("127.0.0.1", "localhost") if place.tls else secret, a_message())


@pytest.fixture
def request_(subject: Subject, place: StandIn) -> Request:
    """What is sent; over TLS by the name that the certificate has."""
    made = a_request(subject, place)
    url = made.url.replace("127.0.0.1", "localhost") if place.tls else made.url
    return Request(url, made.body, made.headers, made.read)


def test_a_message_arrives(sender: HttpSender, place: StandIn, request_: Request) -> None:
    sender.send(request_, timeout_s=10)
    [said] = place.said
    assert "Any form" in said
    assert "@here" in said


def test_who_is_busy_is_left_alone_as_long_as_it_asks_for(
    sender: HttpSender, place: StandIn, request_: Request
) -> None:
    place.be_busy(1.5)
    with pytest.raises(Transient) as raised:
        sender.send(request_, timeout_s=10)
    assert raised.value.tells_of_channel
    assert raised.value.reason == "status 429"
    asked_s = raised.value.after_s if isinstance(raised.value, Postponed) else 2  # ntfy names no time
    assert 1 < asked_s <= 2
    time.sleep(asked_s)
    sender.send(request_, timeout_s=10)
    assert len(place.said) == 1


def test_a_message_that_is_refused_fails_or_is_tried_again_and_names_no_secret(
    sender: HttpSender, place: StandIn, request_: Request
) -> None:
    with pytest.raises((Permanent, Transient)) as raised:
        sender.send(Request(request_.url, b"[]", request_.headers, request_.read), timeout_s=10)
    assert raised.value.reason.startswith("status 4")
    assert place.said == []
    assert not any(part in str(raised.value) for part in request_.url.split("/")[3:] if part)


def test_a_wrong_address_is_one_to_mend(sender: HttpSender, place: StandIn, request_: Request) -> None:
    url = request_.url.replace("/services/", "/services/x").replace("/webhooks/", "/webhooks/9")
    url = url.replace("/workflows/", "/workflows/9").replace("/bot", "/bot9")
    if url == request_.url:
        url += "x" if url.endswith("message") else "nowhere"
    with pytest.raises(Transient) as raised:
        sender.send(Request(url, request_.body, request_.headers, request_.read), timeout_s=10)
    assert not raised.value.tells_of_channel
    assert raised.value.reason.startswith("status 4")
    assert place.said == []


@pytest.mark.parametrize("status", [500, 502, 503, 301])
def test_a_service_in_trouble_is_tried_again(
    sender: HttpSender, place: StandIn, request_: Request, status: int
) -> None:
    place.replies = [Reply(status, "<html>trouble</html>")]
    with pytest.raises(Transient, match=f"status {status}"):
        sender.send(request_, timeout_s=10)
    sender.send(request_, timeout_s=10)
    assert len(place.said) == 1


def test_telegram_tells_where_a_group_has_gone(caller: GuardedCaller, sender: HttpSender) -> None:
    subject = SUBJECTS["telegram"]
    with subject.stand_in() as place:
        place.upgraded = {"-1001234567890": -1009876543210}
        with pytest.raises(Transient, match="set chat to -1009876543210"):
            sender.send(a_request(subject, place), timeout_s=10)
        place.upgraded, place.blocked = {}, True
        with pytest.raises(Transient, match="the bot was blocked"):
            sender.send(a_request(subject, place), timeout_s=10)
