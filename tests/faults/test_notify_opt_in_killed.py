"""Notify is killed at each step of double opt-in: nothing but its mail goes before the button, and all of it after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from dev.mail_sink import MailSink
from notify_service.tables import MIGRATIONS, deliveries
from shared import database
from shared.contracts import SubmissionReleased
from shared.contracts.event import Event
from shared.messaging.message import message_of
from shared.messaging.rabbitmq import RabbitMQ
from support.events import an_event
from support.polling import eventually
from support.service import Service

BEFORE = ("after-plan", "after-plan-publish", "after-send")
AFTER = ("after-release", "after-release-publish", "after-send")
KILLED = 137
VISITOR, OWNER = "ada@example.org", "office@example.org"
FORMS = f'[forms.signup]\nowner = {{to = ["{OWNER}"]}}\nconfirmation.opt_in = true\n'


@pytest.fixture
def notify(broker_url: str, database_url: str, mail_sink: MailSink, tmp_path: Path) -> Iterator[Service]:
    engine = database.create(database_url)
    MIGRATIONS.upgrade(engine)
    engine.dispose()
    forms = tmp_path / "forms.toml"
    forms.write_text(FORMS)
    settings = {
        "COUNTERFOIL_BROKER_URL": broker_url,
        "COUNTERFOIL_DATABASE_URL": database_url,
        "COUNTERFOIL_SMTP_URL": mail_sink.url,
        "COUNTERFOIL_SMTP_CONNECTIONS": "1",
        "COUNTERFOIL_SMTP_TIMEOUT_S": "1",
        "COUNTERFOIL_SECRET": "a secret of this test, longer than thirty-two",
        "COUNTERFOIL_FORMS": str(forms),
    }
    service = Service("notify", "notify_service", settings, tmp_path / "notify.log")
    yield service
    if service.is_running():
        assert service.stop() == 0, service.tail()


def publish(broker_url: str, event: Event) -> None:
    publisher = RabbitMQ(broker_url, name="test").publisher()
    eventually(lambda: not publisher.missing(), 20, "the publisher is ready")
    publisher.publish(message_of(event), timeout_s=10)
    publisher.close()


def die_at(notify: Service, point: str) -> None:
    notify.start(COUNTERFOIL_FAILPOINT=point)
    assert notify.wait(timeout_s=90) == KILLED, f"vacuous: it did not die {point}\n{notify.tail()}"


def mails_to(mail_sink: MailSink, address: str) -> Counter[str]:
    return Counter(mail["Message-ID"] for mail in mail_sink.messages() if mail["To"] == address)


def states(database_url: str) -> dict[str, str]:
    engine = database.create(database_url)
    with engine.connect() as connection:
        rows = connection.execute(select(deliveries.c.channel, deliveries.c.state)).all()
    engine.dispose()
    return {row.channel: row.state for row in rows}


def test_nothing_goes_before_the_button_and_all_of_it_after(
    broker_url: str, database_url: str, notify: Service, mail_sink: MailSink
) -> None:
    event = replace(an_event(), opt_in=True, receipt_url="https://forms.example.org/receipts/x")
    publish(broker_url, event)
    for point in BEFORE:
        die_at(notify, point)
        assert not mails_to(mail_sink, OWNER), f"{point}: {states(database_url)}"
    assert len(mails_to(mail_sink, VISITOR)) == 1, "it died once its mail was sent"
    assert states(database_url)["owner"] == "held"
    publish(broker_url, SubmissionReleased(2, replace(event, opt_in=False), by_hand=False))
    for point in AFTER:
        die_at(notify, point)
    notify.start()
    done = {"confirmation": "sent", "owner": "sent"}
    eventually(lambda: states(database_url) == done, 120, f"all is sent\n{notify.tail()}")
    assert notify.stop() == 0, notify.tail()
    for address in (VISITOR, OWNER):
        assert len(mails_to(mail_sink, address)) == 1, "one Message-ID, however often it comes"
