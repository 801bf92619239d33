"""After an outage: what failed is seen by storage, and one command sends each once more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from typing import Any
from uuid import UUID

import pytest
import requests
from sqlalchemy import select

from dev.broker import Broker
from shared import database
from storage_service.tables import delivery_states
from support.installation import Installation
from support.polling import eventually
from support.smtp import ScriptedSmtp
from support.visitor import JSON
from support.webhook_receiver import Receiver

COUNT = 7
FORMS = """
[forms.signup]
title = "Sign up"
[forms.signup.webhook]
url = "{url}"
secret_file = "hook"
"""


@pytest.fixture(scope="module")
def smtp() -> Iterator[ScriptedSmtp]:
    with ScriptedSmtp() as server:
        yield server


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory, rabbitmq: Broker, smtp: ScriptedSmtp, receiver: Receiver
) -> Iterator[Installation]:
    tmp_path = tmp_path_factory.mktemp("resending")
    forms, secrets = tmp_path / "forms.toml", tmp_path / "form-secrets"
    forms.write_text(FORMS.format(url=receiver.url()))
    secrets.mkdir()
    (secrets / "hook").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    settings = {"COUNTERFOIL_FORM_SECRETS": str(secrets), "COUNTERFOIL_WEBHOOK_ALLOW": "127.0.0.0/8"}
    with Installation(
        tmp_path / "installation",
        broker_url=rabbitmq.fresh_vhost(),
        smtp_url=f"smtp://127.0.0.1:{smtp.port}?starttls=never",
        forms=forms,
        special={"notify": settings, "gateway": {"COUNTERFOIL_FORM_SECRETS": str(secrets)}},
    ) as made:
        yield made


def states(installation: Installation, *accepted: dict[str, Any]) -> Counter[str]:
    """Return how many deliveries of these submissions storage knows in which state."""
    of_these = delivery_states.c.submission_id.in_([UUID(one["id"]) for one in accepted])
    engine = database.create(installation.database_urls["storage"])
    with engine.connect() as connection:
        found = Counter(
            connection.scalars(select(delivery_states.c.channel + " " + delivery_states.c.state).where(of_these))
        )
    engine.dispose()
    return found


def submit(installation: Installation, number: int) -> dict[str, Any]:
    fields = {"name": "Ada Lovelace", "email": f"ada+{number}@example.org"}
    answer = requests.post(f"{installation.gateway_url}/f/signup", json=fields, headers=JSON, timeout=10)
    assert answer.status_code == 202
    found: dict[str, Any] = answer.json()
    return found


def text_of(content: bytes) -> str:
    part = message_from_bytes(content, policy=default).get_body(("plain",))
    return "" if part is None else str(part.get_content())


def message_ids(smtp: ScriptedSmtp) -> list[str]:
    return [str(message_from_bytes(one.content)["Message-ID"]) for one in smtp.received]


def test_after_an_outage_each_that_failed_is_sent_once_more(
    installation: Installation, smtp: ScriptedSmtp, receiver: Receiver
) -> None:
    smtp.answering("data", "554 5.7.1 we take no mail")
    receiver.answers["/hook"] = 410
    accepted = [submit(installation, number) for number in range(COUNT)]
    eventually(
        lambda: states(installation, *accepted) == {"confirmation failed": COUNT, "webhook failed": COUNT},
        60,
        "storage is told",
    )
    del smtp.answers["data"]
    del receiver.answers["/hook"]
    receiver.received.clear()
    assert installation.resend("--failed", "--since", "2h").startswith(f"would send {2 * COUNT} again: {COUNT} ")
    asked = installation.resend("--failed", "--since", "2h", "--channel", "email", "--yes")
    assert asked.splitlines()[-1] == f"{COUNT} will be sent again"
    eventually(
        lambda: states(installation, *accepted)["confirmation sent"] == COUNT, 60, "storage is told that they were sent"
    )
    assert sorted(one.recipients[0] for one in smtp.received) == [f"ada+{n}@example.org" for n in range(COUNT)]
    assert receiver.received == [], "of one channel alone"
    assert "nothing to send again" in installation.resend("--failed", "--channel", "email", "--yes")
    for one in accepted:
        confirmation = installation.receipt(one["receipt_url"])["confirmations"][0]  # type: ignore[index]
        assert confirmation["state"] == "sent", "a receipt shows what became of it"
    installation.resend("--failed", "--yes")
    eventually(lambda: states(installation, *accepted)["webhook sent"] == COUNT, 60, "storage is told of these, too")
    ids = [one.headers["webhook-id"] for one in receiver.received]
    assert len(set(ids)) == len(ids) == COUNT
    assert not {f"accepted_{one['id']}" for one in accepted} & set(ids), "an id of its own: the first may have arrived"
    assert len(smtp.received) == COUNT


def test_a_mail_is_sent_again_though_the_first_arrived(installation: Installation, smtp: ScriptedSmtp) -> None:
    smtp.received.clear()
    accepted = submit(installation, 1)
    eventually(lambda: installation.receipt(accepted["receipt_url"])["state"] == "confirmed", 60, "it is sent")
    asked = (accepted["id"], "--channel", "email", "--yes")
    assert "1 will be sent again" in installation.resend(*asked)
    eventually(lambda: len(smtp.received) == 2, 60, "it is sent again")
    first, second = message_ids(smtp)
    assert first != second
    eventually(lambda: states(installation, accepted) == {"confirmation sent": 1}, 30, "storage is told")
    assert "1 will be sent again" in installation.resend(*asked), "as often as somebody asks"
    link = installation.gateway_url.encode()
    assert all(link in one.content or b"receipts" in one.content for one in smtp.received), (
        "each has the receipt's link"
    )
