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

from notify_service.domain import Transient
from notify_service.webhook_body import body_of, webhook_id
from notify_service.webhook_secrets import check_secrets, secrets_of
from shared.forms import Form, FormsError, Webhook
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


def test_both_secrets_sign_while_one_takes_the_others_place(world: WebhookWorld, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n{OLDER}\n")
    world.forms["signup"] = Form("signup", "Sign up", webhook=Webhook(URL, secret_file=str(file)))
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


def test_a_secret_that_cannot_be_read_is_named_at_the_start(tmp_path: Path) -> None:
    contents = {"fine": SECRET.encode(), "empty": b"\n", "other": b"hunter2hunter2", "bytes": b"\xff"}
    forms = {name: Form(name, name, webhook=Webhook(URL, secret_file=str(tmp_path / name))) for name in contents}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    forms["missing"] = Form("missing", "m", webhook=Webhook(URL, secret_file=str(tmp_path / "missing")))
    forms["given"] = Form("given", "g", webhook=a_webhook())
    forms["none"] = Form("none", "n")
    with pytest.raises(FormsError) as raised:
        check_secrets(forms)
    lines = str(raised.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        f"forms.{name}.webhook.secret_file" for name in ("empty", "other", "bytes", "missing")
    ]
    assert "hunter2" not in str(raised.value)
    check_secrets({"fine": forms["fine"], "given": forms["given"], "none": forms["none"]})


def test_a_secret_that_has_gone_since_is_waited_for(world: WebhookWorld, tmp_path: Path) -> None:
    webhook = Webhook(URL, secret_file=str(tmp_path / "secret"))
    with pytest.raises(Transient, match="no secret") as raised:
        world.sender.send(webhook, an_event(), timeout_s=1)
    assert raised.value.tells_of_channel, "no webhook to this endpoint can be signed"
    (tmp_path / "secret").write_text(SECRET)
    assert secrets_of(webhook) == [SECRET]
    world.sender.send(webhook, an_event(), timeout_s=1)
    assert len(world.caller.posted) == 1
