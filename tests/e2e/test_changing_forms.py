"""Form definitions that change while everything runs: no restart, no lost submission, no bad file taken over."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests

from dev.broker import Broker
from dev.mail_sink import MailSink
from dev.processes import send
from support.installation import Installation
from support.polling import eventually
from support.service import Service

TAKEN_OVER_S = 15.0
ONE = """
[forms.one]
fields.email = {type = "email"}
confirmation.subject = "First words"
"""
TWO = """
[forms.two]
fields.email = {type = "email", required = true}
fields.code = {type = "text", pattern = "[A-Z]+"}
confirmation.subject = "Second words"
"""


class Place:
    """An installation whose forms a test changes."""

    def __init__(self, installation: Installation, forms: Path, sink: MailSink) -> None:
        self.installation = installation
        self._forms = forms
        self._sink = sink

    def write(self, text: str) -> None:
        self._forms.write_text(text, encoding="utf-8")

    def status(self, form: str, **fields: str) -> int:
        return requests.post(f"{self.installation.gateway_url}/f/{form}", json=fields, timeout=10).status_code

    def answers(self, form: str) -> bool:
        try:
            return requests.get(f"{self.installation.gateway_url}/f/{form}", timeout=5).ok
        except requests.RequestException:
            return False

    def listed(self, form: str) -> list[dict[str, str]] | None:
        url = f"{self.installation.gateway_url}/v1/forms/{form}/submissions"
        answer = requests.get(url, headers={"Authorization": f"Bearer {self.installation.api_key}"}, timeout=10)
        return [each["fields"] for each in answer.json()["submissions"]] if answer.ok else None

    def mails_to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self._sink.messages() if mail["X-Envelope-To"] == address]

    def await_said(self, service: Service, text: str, times: int) -> None:
        eventually(lambda: service.tail(500).count(text) >= times, TAKEN_OVER_S, f"{service.name} says {text!r}")


@pytest.fixture(scope="module")
def place(server_directory: Path, rabbitmq: Broker) -> Iterator[Place]:
    directory = server_directory / "changing-forms"
    directory.mkdir()
    forms = directory / "forms.toml"
    forms.write_text(ONE, encoding="utf-8")
    with (
        MailSink(directory / "mail") as sink,
        Installation(
            directory, consoles=1, broker_url=rabbitmq.fresh_vhost(), smtp_url=sink.url, forms=forms, workers=2
        ) as installation,
    ):
        yield Place(installation, forms, sink)


def test_a_change_reaches_every_worker_and_notify_and_a_bad_one_none(place: Place) -> None:
    gateway, [notify] = place.installation.gateway, place.installation.notify
    assert place.status("one", email="ada@one.example") == 202
    assert place.status("two", email="ada@two.example") == 404
    eventually(lambda: place.mails_to("ada@one.example"), 30, "the mail of the first form")

    place.write(TWO)
    place.await_said(gateway, "changed forms are taken over", 2)
    place.await_said(notify, "changed forms are taken over", 1)
    assert place.status("one", email="ada@one.example") == 404
    assert place.status("two", email="ada@two.example") == 202
    assert place.status("two", email="ada@two.example", code="1") == 422
    [mail] = eventually(lambda: place.mails_to("ada@two.example"), 30, "the mail of the second form")
    assert mail["Subject"] == "Second words"
    assert place.listed("one") == [{"email": "ada@one.example"}], "what it took stays readable"
    assert place.listed("never") is None

    place.write("[forms.three]\ntitel = 3\nunknown = 3\n")
    for service, times in ((gateway, 2), (notify, 1)):
        place.await_said(service, "those before stay", times)
        place.await_said(service, "forms.toml:2: forms.three.titel", times)
        place.await_said(service, "forms.toml:3: forms.three.unknown", times)
    assert place.status("two", email="ada@two.example") == 202
    assert place.status("three", email="ada@three.example") == 404

    workers = gateway.workers()
    send(workers, signal.SIGKILL)
    place.await_said(gateway, "the last good ones are", 2)
    eventually(lambda: place.answers("two"), TAKEN_OVER_S, "workers that were replaced have the good forms")
    assert not set(workers) & set(gateway.workers())
