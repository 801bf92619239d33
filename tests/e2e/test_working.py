"""What owners say of spam, from their request at the gateway to what arrives: each once, whatever dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from dev.broker import Broker
from dev.mail_sink import MailSink
from support.installation import Installation
from support.polling import eventually
from support.visitor import JSON

FORMS = """
[forms.signup]
honeypot = "nickname"
[forms.signup.owner]
to = "owner@example.org"
"""


@pytest.fixture
def installation(tmp_path: Path, rabbitmq: Broker, postgres_url: str, mail_sink: MailSink) -> Iterator[Installation]:
    forms = tmp_path / "forms.toml"
    forms.write_text(FORMS)
    with Installation(
        tmp_path / "installation",
        broker_url=rabbitmq.fresh_vhost(),
        smtp_url=mail_sink.url,
        database_url=postgres_url,
        forms=forms,
        consoles=2,
    ) as made:
        yield made


class Owner:
    """Asks at the gateway, with a key that may write."""

    def __init__(self, installation: Installation) -> None:
        self._url = f"{installation.gateway_url}/v1/submissions/"
        self._headers = {"Authorization": f"Bearer {installation.key('read', 'write')}"}

    def post(self, path: str, **headers: str) -> requests.Response:
        return requests.post(self._url + path, headers=self._headers | headers, timeout=20)

    def shown(self, key: str) -> dict[str, Any]:
        answer = requests.get(self._url + key, headers=self._headers, timeout=20)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def is_stored(self, key: str) -> bool:
        return requests.get(self._url + key, headers=self._headers, timeout=20).status_code == 200

    def states(self, key: str) -> set[str]:
        return {f"{one['channel']} {one['state']}" for one in self.shown(key)["deliveries"]}


def submit(installation: Installation, **fields: str) -> str:
    fields = {"name": "Ada Lovelace", "email": "ada@example.org", **fields}
    answer = requests.post(f"{installation.gateway_url}/f/signup", json=fields, headers=JSON, timeout=10)
    assert answer.status_code == 202
    return str(answer.json()["id"])


def recipients(mail_sink: MailSink) -> Counter[str]:
    return Counter(str(mail["To"]) for mail in mail_sink.messages())


BOTH = {"ada@example.org": 1, "owner@example.org": 1}
SENT = {"email sent", "owner sent"}


def test_what_a_trap_caught_is_delivered_once_when_somebody_says_it_is_none(
    installation: Installation, mail_sink: MailSink
) -> None:
    owner = Owner(installation)
    key = submit(installation, nickname="a person whose browser fills in everything")
    eventually(lambda: owner.is_stored(key), 30, "it is stored")
    assert owner.shown(key)["spam"] == "honeypot"
    answers = [owner.post(f"{key}/not-spam") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    assert {answer.headers["ETag"] for answer in answers} == {'"2"'}
    eventually(lambda: owner.states(key) == SENT, 60, "both are told")
    late = owner.post(f"{key}/spam", **{"If-Match": '"1"'})
    assert (late.status_code, late.json()["current"]["version"]) == (409, 2)
    assert recipients(mail_sink) == BOTH
    assert [step["changes"] for step in owner.shown(key)["trail"]] == [{"spam": ["honeypot", None]}]


def test_what_is_marked_before_it_is_sent_is_cancelled_until_it_is_no_spam(
    installation: Installation, mail_sink: MailSink
) -> None:
    owner = Owner(installation)
    notify = installation.notify[0]
    assert notify.stop() == 0
    key = submit(installation)
    eventually(lambda: owner.is_stored(key), 30, "it is stored")
    assert owner.post(f"{key}/spam").json()["spam"] == "owner"
    mail_sink.stop()  # the submission and the verdict lie on two queues: without mails, either may come first
    try:
        notify.start()
        eventually(lambda: owner.states(key) == {"email cancelled", "owner cancelled"}, 60, "both are cancelled")
    finally:
        mail_sink.start()
    assert recipients(mail_sink) == {}
    assert owner.post(f"{key}/not-spam").json()["spam"] is None
    eventually(lambda: owner.states(key) == SENT, 60, "both are told")
    assert recipients(mail_sink) == BOTH
