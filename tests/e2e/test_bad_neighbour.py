"""A form that cannot work as it is defined, beside one that can: the example of docs/forms.md, copied as it is."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from dev.broker import Broker
from dev.mail_sink import MailSink
from support.installation import Installation
from support.pace import stretched_s
from support.polling import eventually
from support.service import ROOT, clean_environment

NEIGHBOUR = """
[forms.neighbour]
fields.mail = {type = "email"}
captcha = {provider = "altcha", secret_file = "absent"}
"""
RSVP = {"name": "Ada", "email": "ada@example.org", "meal": "Fish"}


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page's first example in its forms.toml, and a form more."""
    shown = re.search(r"^```toml\n(.+?)^```", (ROOT / "docs" / "forms.md").read_text(), re.MULTILINE | re.DOTALL)
    assert shown
    folder = tmp_path_factory.mktemp("forms")
    (folder / "forms.toml").write_text(shown[1] + NEIGHBOUR)
    return folder


@pytest.fixture(scope="module")
def installation(forms: Path, server_directory: Path, rabbitmq: Broker) -> Iterator[Installation]:
    directory = server_directory / "bad-neighbour"
    settings = {"COUNTERFOIL_FORM_SECRETS": str(forms / "secrets")}
    with (
        MailSink(directory / "mail") as sink,
        Installation(
            directory, consoles=1, broker_url=rabbitmq.fresh_vhost(), smtp_url=sink.url, forms=forms, settings=settings
        ) as running,
    ):
        yield running


def submitted(installation: Installation, form: str, fields: dict[str, str]) -> dict[str, Any]:
    answer = requests.post(f"{installation.gateway_url}/f/{form}", json=fields, timeout=10)
    assert answer.ok, answer.text
    accepted: dict[str, Any] = answer.json()
    return accepted


def shown(installation: Installation, submission_id: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {installation.api_key}"}
    answer = requests.get(f"{installation.gateway_url}/v1/submissions/{submission_id}", headers=headers, timeout=10)
    document: dict[str, Any] = answer.json() if answer.ok else {}
    return document


def test_the_check_takes_the_file_and_warns_of_each_secret(forms: Path) -> None:
    environment = clean_environment() | {"COUNTERFOIL_FORM_SECRETS": str(forms / "secrets")}
    command = [sys.executable, "-m", "shared.forms", str(forms)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=stretched_s(60))
    assert done.returncode == 0, done.stderr
    assert re.findall(r"warning: (\S+):", done.stderr) == [
        "forms.rsvp.webhook.secret_file",
        "forms.rsvp.webhooks.0.secret_file",
        "forms.rsvp.webhooks.0.headers.Authorization",
        "forms.neighbour.captcha.secret_file",
    ]


def test_a_form_without_its_secret_keeps_nobody_else_waiting(installation: Installation) -> None:
    waiting = submitted(installation, "rsvp", RSVP)
    other = submitted(installation, "neighbour", {"mail": "grace@example.org"})
    for accepted in (waiting, other):
        receipt = accepted["receipt_url"]
        eventually(lambda url=receipt: installation.receipt(url)["state"] == "confirmed", 30, "both mails are sent")  # type: ignore[misc]
    eventually(
        lambda: [one["state"] for one in shown(installation, waiting["id"])["webhooks"]] == ["retrying"] * 2,
        20,
        "its webhooks wait, and its owner sees that",
    )
    for webhook in shown(installation, waiting["id"])["webhooks"]:
        assert webhook["error"] == "no secret: the file cannot be read: No such file or directory"
    assert "error" not in str(installation.receipt(waiting["receipt_url"]))
    assert shown(installation, other["id"])["control"]["captcha"] == "unverified"


def test_both_services_say_so_in_their_logs_and_to_their_alert(installation: Installation) -> None:
    [notify] = installation.notify
    assert "forms.rsvp.webhook.secret_file: the file cannot be read" in notify.tail(500)
    assert "forms.neighbour.captcha.secret_file" not in notify.tail(500), "that is none of notify's business"
    assert "forms.neighbour.captcha.secret_file: the file cannot be read" in installation.gateway.tail(500)
    assert "forms.rsvp.webhook.secret_file" not in installation.gateway.tail(500)
    for name, table in (("gateway", "captcha"), ("notify-0", "webhook")):
        metrics = requests.get(f"{installation.metrics_urls[name]}/metrics", timeout=5).text
        assert f'counterfoil_form_secrets_missing{{table="{table}"}} 1.0' in metrics
