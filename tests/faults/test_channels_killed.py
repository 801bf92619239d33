"""Notify dies at each step between event and record, for each transport: every delivery is made, and few of them twice.

`test_notify_killed.py` does the same for confirmations, with the ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import requests

from dev.broker import Broker
from dev.mail_sink import MailSink
from support.chats.slack import SlackStandIn
from support.installation import Installation
from support.polling import eventually
from support.webhook_receiver import Receiver
from support.webhooks import SECRET

COUNT = 12
KILLED = 137
PLANNING = ("after-plan", "after-plan-publish")
DELIVERING = ("after-claim", "before-send", "after-retry-publish", "after-send", "after-record")
"""In this order: what died claimed is leased, so the next to take it puts it off, and so reaches the retry."""

UNRECORDED = "told once more: what died after-send had told one, and another may be under way as one dies after-record"

Told = Callable[[], Counter[str]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


@pytest.fixture
def room() -> Iterator[SlackStandIn]:
    with SlackStandIn() as server:
        yield server


@pytest.fixture
def installation(
    tmp_path: Path, rabbitmq: Broker, mail_sink: MailSink, receiver: Receiver, room: SlackStandIn
) -> Iterator[Installation]:
    """An installation that sends one mail, and calls one endpoint, at a time; its leases are short."""
    forms, webhook = tmp_path / "forms.toml", f'{{url = "{receiver.url("/hook")}", secret = "{SECRET}"}}'
    forms.write_text(f'[forms.webhook]\nwebhook = {webhook}\n[forms.owner]\nowner = {{to = ["office@example.org"]}}\n')
    with forms.open("a") as more:
        more.write('[forms.slack]\nslack.url_file = "room"\n')
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "room").write_text(room.url)
    settings = {
        "COUNTERFOIL_FORM_SECRETS": str(tmp_path / "secrets"),
        "COUNTERFOIL_WEBHOOK_ALLOW": "127.0.0.1",
        "COUNTERFOIL_WEBHOOK_CONNECTIONS": "2",
        "COUNTERFOIL_WEBHOOK_TIMEOUT_S": "1",
        "COUNTERFOIL_SMTP_CONNECTIONS": "1",
        "COUNTERFOIL_SMTP_TIMEOUT_S": "1",
    }
    place, url = tmp_path / "installation", rabbitmq.fresh_vhost()
    with Installation(
        place, consoles=1, broker_url=url, smtp_url=mail_sink.url, forms=forms, settings=settings
    ) as started:
        yield started


def test_every_webhook_is_told_and_twice_only_what_was_told_when_notify_died(
    installation: Installation, receiver: Receiver
) -> None:
    def told() -> Counter[str]:
        return Counter(one.headers["webhook-id"] for one in receiver.at("/hook"))

    submitted = die_at_every_step(installation, "webhook", [*PLANNING, *(f"webhook-{step}" for step in DELIVERING)])
    await_all(installation, told, {f"accepted_{one}" for one in submitted}, "webhook")
    assert COUNT < sum(told().values()) <= COUNT + 2, f"{UNRECORDED}, by the same id"


def test_every_room_is_told_and_twice_only_what_was_told_when_notify_died(
    installation: Installation, room: SlackStandIn
) -> None:
    submitted = die_at_every_step(installation, "slack", [*PLANNING, *(f"webhook-{step}" for step in DELIVERING)])
    for one in submitted:
        eventually(partial(is_sent, installation, one, "slack"), 90, f"{one} is sent\n{installation.notify[0].tail()}")
    told = Counter(said.rpartition("Reference ")[2] for said in room.said)
    assert set(told) == set(submitted)
    assert COUNT < sum(told.values()) <= COUNT + 2, UNRECORDED


def test_every_owner_has_their_mail_and_twice_only_what_was_sent_when_notify_died(
    installation: Installation, mail_sink: MailSink
) -> None:
    def told() -> Counter[str]:
        return Counter(mail["Message-ID"] for mail in mail_sink.messages())

    submitted = die_at_every_step(installation, "owner", [*PLANNING, *DELIVERING])
    for one in submitted:
        eventually(partial(is_sent, installation, one, "owner"), 90, f"{one} is sent\n{installation.notify[0].tail()}")
    assert len(told()) == COUNT, "each has one Message-ID, however often it comes"
    assert COUNT < sum(told().values()) <= COUNT + 2, UNRECORDED


def die_at_every_step(installation: Installation, form: str, steps: list[str]) -> list[str]:
    """Submit while notify is away, let it die at each step, and return the ids; it runs then."""
    notify = installation.notify[0]
    assert notify.stop() == 0
    ids = []
    for number in range(COUNT):
        answer = requests.post(f"{installation.gateway_url}/f/{form}", json={"note": str(number)}, timeout=10)
        assert answer.status_code == 202, answer.text
        ids.append(answer.json()["id"])
    for step in steps:
        name = step.replace("webhook-after-retry", "after-retry")
        notify.start(COUNTERFOIL_FAILPOINT=name)
        assert notify.wait(timeout_s=60) == KILLED, f"vacuous: it did not die {name}"
    notify.start()
    return ids


def await_all(installation: Installation, told: Told, expected: set[str], channel: str) -> None:
    """Wait until each has come, and until each is shown as sent, with its tries, to its owner."""
    notify = installation.notify[0]
    eventually(lambda: set(told()) == expected, 90, f"each comes\n{notify.tail()}")
    for name in expected:
        submission = name.removeprefix("accepted_")
        eventually(partial(is_sent, installation, submission, channel), 30, f"{submission} is shown as sent")


def is_sent(installation: Installation, submission: str, channel: str) -> bool:
    url, key = f"{installation.gateway_url}/v1/submissions/{submission}", installation.api_key
    answer = requests.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=10)
    answer.raise_for_status()
    found = [one for one in answer.json()["deliveries"] if one["channel"] == channel]
    tries = [one["tries"][0] for one in found if one["state"] == "sent"]
    return [(one["outcome"], bool(one["said"])) for one in tries] == [("sent", True)]
