"""Personal data in logs, traces, error bodies: none. A canary is searched for in all that three services say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pika
import pytest
import requests

from dev.broker import Broker
from shared.contracts import SubmissionAccepted
from shared.messaging.topology import NOTIFY_SUBMISSIONS, STORAGE
from support.installation import Installation
from support.polling import eventually
from support.service import ROOT
from support.smtp import ScriptedSmtp
from support.webhook_receiver import Receiver
from support.webhooks import SECRET

CANARY = "canary"
ADDRESS = "canary@example.org"
GOOD = {"name": "Canary Lovelace", "email": ADDRESS}
HEADERS = {
    "User-Agent": "Canary/1.0",
    "Referer": "https://canary.example.org/canary?canary",
    "Accept-Language": "canary",
    "Cookie": "canary=canary",
    "X-Forwarded-For": "canary",
}
POISON = b'{"id": "canary@example.org", "fields": {"name": "Canary"}}'


@pytest.fixture
def refusing() -> Iterator[ScriptedSmtp]:
    """A mail server that repeats the address when it refuses it, as most do."""
    with ScriptedSmtp().answering("rcpt", f"550 5.1.1 <{ADDRESS}>: no such user {CANARY}") as smtp:
        yield smtp


@pytest.fixture
def failing() -> Iterator[Receiver]:
    """A webhook's receiver that fails, and says why."""
    with Receiver(headers={"X-Reason": CANARY, "Retry-After": CANARY}) as receiver:
        receiver.answers["/canary?key=canary"] = 500
        yield receiver


@pytest.fixture
def talkative(
    server_directory: Path, rabbitmq: Broker, refusing: ScriptedSmtp, failing: Receiver
) -> Iterator[Installation]:
    """A whole installation that logs all it can, with a form whose webhook's address is a secret, too."""
    url = f"smtp://127.0.0.1:{refusing.port}?starttls=never"
    settings = {"COUNTERFOIL_LOG_LEVEL": "debug", "COUNTERFOIL_LOG_FORMAT": "json"}
    settings["COUNTERFOIL_WEBHOOK_ALLOW"] = "127.0.0.1"
    place = server_directory / "personal-data"
    place.mkdir()
    forms = place / "forms.toml"
    webhook = f'[forms.told.webhook]\nurl = "{failing.url("/canary?key=canary")}"\nsecret = "{SECRET}"\n'
    forms.write_text((ROOT / "forms.example.toml").read_text() + webhook)
    broker_url = rabbitmq.fresh_vhost()
    with Installation(
        place, consoles=1, broker_url=broker_url, smtp_url=url, forms=forms, settings=settings
    ) as installation:
        yield installation


def test_nothing_that_was_typed_is_said_to_anybody_else(talkative: Installation, failing: Receiver) -> None:
    accepted = post(talkative, json=GOOD)
    assert accepted.status_code == 202
    assert post(talkative, path="/f/told", json=GOOD).status_code == 202
    notify = talkative.notify[0]
    eventually(lambda: "webhook retrying" in notify.tail(1000), 30, f"the webhook fails\n{notify.tail()}")
    assert CANARY in failing.received[0].body.decode()
    receipt_url = accepted.json()["receipt_url"]
    eventually(lambda: talkative.receipt(receipt_url)["state"] == "failed", 30, "the mail was refused")
    refusals = [
        post(talkative, data={**GOOD, "email": "canary@"}),
        post(talkative, json={**GOOD, "name": ["Canary", "Canaries"]}),
        post(talkative, data={**GOOD, "_subject": "Canary\nCanary"}),
        post(talkative, data=b"canary", headers={"Content-Type": "application/json"}),
        post(talkative, data=b'{"name": "Canary\\u0000"}', headers={"Content-Type": "application/json"}),
        post(talkative, data=b"canary", headers={"Content-Type": "text/canary"}),
        post(talkative, data=b"canary", headers={"Content-Type": "multipart/form-data; boundary=canary"}),
        post(talkative, files={"canary": ("canary.txt", b"canary")}),
        post(talkative, data=GOOD, headers={"Idempotency-Key": "canary" * 50}),
        post(talkative, json={**GOOD, "name": "Canary " * 100_000}),
        post(talkative, path="/f/canary", data=GOOD),
        requests.get(f"{talkative.gateway_url}/receipts/canary?canary", headers=HEADERS, timeout=10),
        requests.get(f"{talkative.gateway_url}/v1/submissions/canary", headers=HEADERS, timeout=10),
    ]
    assert {answer.status_code for answer in refusals} <= {400, 401, 404, 413, 415, 422}
    assert not [answer.text for answer in refusals if CANARY in answer.text.lower()]
    assert CANARY not in json.dumps(talkative.receipt(receipt_url)).lower()
    park_poison(talkative)
    talkative.stop()
    for service in talkative.services:
        log = service.log.read_text(encoding="utf-8")
        assert log, f"{service.name} said nothing: this proves nothing"
        assert CANARY not in log.lower()


def post(installation: Installation, path: str = "/f/signup", **request: object) -> requests.Response:
    headers = HEADERS | dict(request.pop("headers", {}) or {})  # type: ignore[call-overload]
    return requests.post(installation.gateway_url + path, headers=headers, timeout=10, **request)  # type: ignore[arg-type]


def park_poison(installation: Installation) -> None:
    properties = pika.BasicProperties(type=SubmissionAccepted.TYPE, message_id=str(UUID(int=7)), delivery_mode=2)
    for queue in (STORAGE, NOTIFY_SUBMISSIONS):
        installation.queues.publish("", queue.name, POISON, properties)
    eventually(lambda: sum(installation.parked().values()) == 2, 20, "the poison is parked")
