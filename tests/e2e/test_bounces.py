"""A whole installation learns that its mails came back: from a provider's call, and from a mailbox; then it sends no
more there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select

from dev.broker import Broker
from dev.dovecot_server import DovecotServer
from dev.mail_sink import MailSink
from notify_service.tables import deliveries
from shared import database
from shared.links.bounce import BounceAddress
from support import provider_calls
from support.bounce_box import BounceBox
from support.bounced import a_bounce
from support.installation import Installation
from support.polling import eventually

ADDRESS = BounceAddress("bounces@forms.example.org")
POSTMARK = {"COUNTERFOIL_BOUNCES_POSTMARK": provider_calls.POSTMARK}
READ_S = 100
"""The mailbox is read once a minute."""


@pytest.fixture
def box(dovecot: DovecotServer) -> BounceBox:
    return BounceBox(dovecot)


@pytest.fixture
def sink(server_directory: Path) -> Iterator[MailSink]:
    with MailSink(server_directory / "bounces-mail") as made:
        yield made


@pytest.fixture
def installation(server_directory: Path, rabbitmq: Broker, sink: MailSink, box: BounceBox) -> Iterator[Installation]:
    marks = {
        "COUNTERFOIL_BOUNCE_ADDRESS": ADDRESS.address,
        "COUNTERFOIL_BOUNCE_MAILBOX": box.url,
        "COUNTERFOIL_MAIL_PROVIDER": "postmark",
    }
    place, broker_url = server_directory / "bounces", rabbitmq.fresh_vhost()
    special = {"notify": marks, "gateway": POSTMARK}
    with Installation(place, broker_url=broker_url, smtp_url=sink.url, special=special) as made:
        yield made


class Submitter:
    """Somebody whose address does not take mail."""

    def __init__(self, installation: Installation, sink: MailSink, address: str) -> None:
        self.installation, self.sink, self.address = installation, sink, address

    def submit(self) -> str:
        answer = requests.post(
            f"{self.installation.gateway_url}/f/signup", json={"name": "Ada", "email": self.address}, timeout=10
        )
        assert answer.status_code == 202, answer.text
        url: str = answer.json()["receipt_url"]
        return url

    def mails(self) -> list[Any]:
        return [one for one in self.sink.messages() if one["X-Envelope-To"] == self.address]

    def token_of_the_mail(self) -> str:
        """Return the token that the mail left with: the same in its return path, and in its provider's header."""
        [mail] = eventually(self.mails, 30, "the mail has come")
        [token] = ADDRESS.tokens_in(mail["X-Envelope-From"])
        assert mail["X-PM-Metadata-counterfoil"] == token
        assert ADDRESS.address not in mail["From"]
        return token

    def states(self) -> list[str]:
        engine = database.create(self.installation.database_urls["notify"])
        try:
            with engine.connect() as connection:
                ordered = select(deliveries.c.state).order_by(deliveries.c.created_at)
                return list(connection.scalars(ordered.where(deliveries.c.destination_shown.endswith(self.domain))))
        finally:
            engine.dispose()

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    def is_sent_no_more(self) -> None:
        receipt = self.submit()
        eventually(lambda: self.states()[1:] == ["suppressed"], 30, "the second is suppressed")
        eventually(lambda: self.installation.receipt(receipt)["state"] == "failed", 30, "its receipt says failed")
        assert len(self.mails()) == 1


def test_what_came_back_is_told_by_a_provider_or_a_mailbox(
    installation: Installation, sink: MailSink, box: BounceBox
) -> None:
    ada = Submitter(installation, sink, "ada@one.example.org")
    grace = Submitter(installation, sink, "grace@two.example.org")
    for one in (ada, grace):
        one.submit()
    hook = f"{installation.gateway_url}/hooks/bounces/postmark"
    call, signed = provider_calls.postmark(ada.token_of_the_mail(), Email=ada.address), provider_calls.basic()
    assert requests.post(hook, data=call, timeout=10).status_code == 403
    assert requests.post(hook, data=call, headers=signed, timeout=10).json() == {"ok": True, "told": 1}
    eventually(lambda: ada.states() == ["bounced"], 60, "the delivery is bounced")
    ada.is_sent_no_more()

    box.put(a_bounce("qmail", grace.token_of_the_mail()), a_bounce("out-of-office", ada.token_of_the_mail()))
    eventually(lambda: grace.states() == ["bounced"], READ_S, "the mailbox was read")
    grace.is_sent_no_more()
    eventually(lambda: box.mails() == [], 30, "all were read")
