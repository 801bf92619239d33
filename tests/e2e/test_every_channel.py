"""The owner's mail, the confirmation, two webhooks and a chat each: the ledger accounts for every delivery.

`make test-deliveries` does it with 10,000 submissions, and `COUNT` says another number.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.broker import Broker
from dev.mail_sink import MailSink
from support.chats.slack import SlackStandIn
from support.installation import Installation
from support.ledger_sources import deliveries_of, untold
from support.polling import eventually
from support.service import ROOT
from support.webhook_receiver import Receiver

COUNT = int(os.environ.get("COUNT", "60"))
TIMEOUT_S = 150 + COUNT // 5
"""A slow endpoint's deliveries are put aside for half a minute, more than once where it goes on being slow."""
FORMS = """
[forms.signup]
title = "Sign up"
owner.to = ["owner@example.org"]
slack.url_file = "slack"
[forms.signup.webhook]
url = "{first}"
secret_file = "hook"
[[forms.signup.webhooks]]
name = "second"
url = "{second}"
secret_file = "hook"
"""
EXPECTED = {"email": 1, "owner": 1, "webhook": 2, "slack": 1}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(answers={"/second": 410}) as made:
        yield made


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with SlackStandIn() as made:
        yield made


@pytest.fixture
def installation(
    tmp_path: Path, rabbitmq: Broker, mail_sink: MailSink, receiver: Receiver, slack: SlackStandIn
) -> Iterator[Installation]:
    forms, secrets = tmp_path / "forms.toml", tmp_path / "form-secrets"
    forms.write_text(FORMS.format(first=receiver.url("/first"), second=receiver.url("/second")))
    secrets.mkdir()
    (secrets / "hook").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    (secrets / "slack").write_text(slack.url)
    settings = {"COUNTERFOIL_FORM_SECRETS": str(secrets), "COUNTERFOIL_WEBHOOK_ALLOW": "127.0.0.0/8"}
    with Installation(
        tmp_path / "installation",
        consoles=1,
        broker_url=rabbitmq.fresh_vhost(),
        smtp_url=mail_sink.url,
        forms=forms,
        settings=settings,
        special={"notify": {"COUNTERFOIL_WEBHOOK_CONNECTIONS": "8"}},
    ) as made:
        yield made


def run_ledger(*arguments: str) -> str:
    command = [str(ROOT / ".venv" / "bin" / "counterfoil-ledger"), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=2 * TIMEOUT_S)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_delivery_is_accounted_for(
    installation: Installation, mail_sink: MailSink, receiver: Receiver, slack: SlackStandIn, tmp_path: Path
) -> None:
    ledger, key = tmp_path / "run.jsonl", tmp_path / "key"
    key.write_text(installation.api_key)
    run_ledger(
        *("run", installation.gateway_url, "--ledger", str(ledger)),
        *("--submissions", str(COUNT), "--rate", "300", "--retries", "0.1"),
    )
    expected = [word for channel, number in EXPECTED.items() for word in ("--expect", f"{channel}={number}")]
    said = run_ledger(
        *("check", str(ledger), "--api-key-file", str(key), "--mails", str(mail_sink.directory)),
        *("--broker-url", installation.broker_url, "--timeout-s", str(TIMEOUT_S), *expected),
    )
    counted = " ".join(said.split())  # a terminal breaks the line
    assert f"{4 * COUNT} deliveries sent" in counted
    assert f"{COUNT} deliveries failed" in counted
    urls = installation.database_urls
    eventually(lambda: not untold(urls["storage"], urls["notify"]), 30, "storage knows what failed")
    totals = sum(deliveries_of(urls["notify"]).values(), Counter[tuple[str, str]]())
    assert totals == {
        ("email", "sent"): COUNT,
        ("owner", "sent"): COUNT,
        ("slack", "sent"): COUNT,
        ("webhook", "sent"): COUNT,
        ("webhook", "failed"): COUNT,
    }
    assert len(slack.said) == len(receiver.at("/first")) == COUNT
