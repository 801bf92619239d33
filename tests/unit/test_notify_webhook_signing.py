"""What a receiver gets, and that it can know who sent it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from notify_service.channels.webhook import body_of, webhook_id
from notify_service.transports.breaker import FAILURES_TO_OPEN
from shared.forms import Form, FormSecrets, Webhook
from shared.messaging.failures import RetryLater
from support.events import WRITTEN_AT, an_event
from support.webhooks import SECRET, URL, WebhookWorld, a_webhook

OLDER = SECRET.replace("A", "B").replace("Y", "Z")


@pytest.fixture
def world() -> WebhookWorld:
    return WebhookWorld()


def test_the_body_is_what_standard_webhooks_asks_for() -> None:
    event = an_event(name="Ada Lovelace", email="ada@example.org", note="Grüße\u2028\n{x}")
    event = replace(event, accepted_at=WRITTEN_AT)
    assert json.loads(body_of(event)) == {
        "type": "submission.accepted",
        "timestamp": "2026-11-22T17:03:44.123456Z",
        "data": {
            "id": str(event.id),
            "form": "signup",
            "accepted_at": "2026-11-22T17:03:44.123456Z",
            "reply_to": "ada@example.org",
            "captcha": None,
            "fields": event.fields,
        },
    }
    assert "." not in webhook_id(event.id), "a point would let one text be read as several"


def test_the_signature_is_that_of_the_specification() -> None:
    """Computed by hand after the specification, so that a fault of the library would be seen."""
    world, event = WebhookWorld(), an_event()
    world.handle(event)
    [posted] = world.caller.posted
    timestamp = str(int(world.clock.now.timestamp()))
    signed = b".".join([posted.headers["webhook-id"].encode(), timestamp.encode(), posted.body])
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert posted.headers["webhook-timestamp"] == timestamp
    assert posted.headers["webhook-signature"] == f"v1,{expected}"


def test_both_secrets_sign_while_one_takes_the_others_place(tmp_path: Path) -> None:
    world = WebhookWorld(secrets=FormSecrets(tmp_path))
    (tmp_path / "secret").write_text(f"{SECRET}\n{OLDER}\n")
    world.forms["signup"] = Form("signup", "Sign up", webhook=Webhook(URL, secret_file="secret"))
    world.handle(an_event())
    [posted] = world.caller.posted
    signer = world.clock.now
    for secret in (SECRET, OLDER):
        expected = Verifier(secret).sign(posted.headers["webhook-id"], signer, posted.body.decode())
        assert expected in posted.headers["webhook-signature"].split(" ")


def test_a_receiver_verifies_by_the_library(world: WebhookWorld) -> None:
    world.clock.now = datetime.now(UTC)
    event = an_event()
    world.handle(event)
    [posted] = world.caller.posted
    headers = dict(posted.headers)
    assert Verifier(SECRET).verify(posted.body, headers)["data"]["id"] == str(event.id)
    with pytest.raises(WebhookVerificationError):
        Verifier(OLDER).verify(posted.body, headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(posted.body.replace(b"Ada", b"Eve"), headers)


def test_a_secret_that_is_not_there_is_waited_for_and_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    """The endpoint is the same: five failures of it would be its rest."""
    forms = {
        "signup": Form("signup", "Sign up", webhook=a_webhook()),
        "bad": Form("bad", "Bad", webhook=Webhook(URL, secret_file="bad")),
    }
    world = WebhookWorld(forms=forms, secrets=FormSecrets(tmp_path))
    waiting = [an_event(form="bad") for _ in range(2 * FAILURES_TO_OPEN)]
    for event in waiting:
        with pytest.raises(RetryLater, match="no secret: the file cannot be read: No such file"):
            world.handle(event)
        assert world.shown(event)[0].state == "retrying"
    world.handle(an_event())
    assert len(world.caller.posted) == 1, "the other form's webhook goes on"
    (tmp_path / "bad").write_text(SECRET)
    for event in waiting:
        world.handle(event, attempt=1)
        assert world.shown(event)[0].state == "sent"
    assert len(world.caller.posted) == 1 + len(waiting)


def test_a_secret_that_never_comes_is_a_visible_failure(tmp_path: Path) -> None:
    world = WebhookWorld(secrets=FormSecrets(tmp_path))
    world.forms["signup"] = Form("signup", "Sign up", webhook=Webhook(URL, secret_file="bad"))
    event = an_event()
    with pytest.raises(RetryLater):
        world.handle(event)
    world.clock.forward(hours=72)
    world.handle(event, attempt=7)
    assert world.shown(event)[0].state == "failed"
    assert str(world.deliveries.errors[-1]).startswith("no secret: the file cannot be read")


def test_a_missing_secret_is_told_of_an_endpoint_that_rests_too(tmp_path: Path) -> None:
    world = WebhookWorld(secrets=FormSecrets(tmp_path))
    world.caller.answers[URL] = "drop"
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(RetryLater):
            world.handle(an_event())
    world.forms["signup"] = Form("signup", "Sign up", webhook=Webhook(URL, secret_file="bad"))
    event = an_event()
    with pytest.raises(RetryLater, match="no secret"):
        world.handle(event)
    assert world.shown(event)[0].state == "retrying"
