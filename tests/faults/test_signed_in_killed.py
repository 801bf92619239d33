"""One of two consoles is killed: whoever is signed in stays so, and what they had open can still be sent."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dev.broker import Broker
from dev.mail_sink import MailSink
from shared.setup_token import new_setup_token
from support.installation import Installation
from support.polling import eventually
from support.signed_in import SignedIn

SETUP = new_setup_token(datetime.now(UTC))


@pytest.fixture
def installation(tmp_path: Path, rabbitmq: Broker, mail_sink: MailSink, postgres_url: str) -> Iterator[Installation]:
    with Installation(
        tmp_path / "installation",
        consoles=2,
        broker_url=rabbitmq.fresh_vhost(),
        smtp_url=mail_sink.url,
        database_url=postgres_url,
        special={"console": {"COUNTERFOIL_SETUP_TOKEN": SETUP.told}},
    ) as running:
        yield running


@pytest.fixture
def owner(installation: Installation) -> SignedIn:
    owner = SignedIn(installation.gateway_url)
    owner.begin(SETUP.link(installation.gateway_url))
    return owner


def killed(installation: Installation, number: int, statuses: Counter[int]) -> None:
    before = statuses.total()
    installation.consoles[number].kill()
    eventually(lambda: statuses.total() > before + 30, 30, "the owner goes on")
    installation.consoles[number].start()
    installation.await_ready()


def test_who_is_signed_in_stays_so_whichever_is_killed(installation: Installation, owner: SignedIn) -> None:
    statuses: Counter[int] = Counter()
    ended = threading.Event()

    def keep_reading() -> None:
        while not ended.is_set():
            statuses[owner.get("/console/account").status_code] += 1

    reading = [threading.Thread(target=keep_reading) for _ in range(3)]
    for each in reading:
        each.start()
    for number in (0, 1):
        killed(installation, number, statuses)
    ended.set()
    for each in reading:
        each.join()
    assert set(statuses) == {200}, statuses


def test_a_page_that_one_console_made_is_sent_to_the_other(installation: Installation, owner: SignedIn) -> None:
    assert owner.get("/console/account").status_code == 200
    for number in (0, 1):
        installation.consoles[number].kill()
        sent = owner.post("/console/account/zone", zone="Europe/Berlin")
        assert sent.status_code == 303, sent.text
        assert not sent.headers["Location"].startswith("/console/sign-in")
        installation.consoles[number].start()
        installation.await_ready()
    for console in installation.consoles:
        console.kill()
    assert owner.get("/console/account").status_code == 503
    for console in installation.consoles:
        console.start()
    installation.await_ready()
    assert owner.get("/console/account").status_code == 200, "a session is in the database alone"
