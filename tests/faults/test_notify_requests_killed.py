"""Notify is killed on the way from what owners ask for to its messages: each brings one further send, none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from dev.mail_sink import MailSink
from notify_service.tables import MIGRATIONS
from shared import database
from shared.contracts import DeliveryRequested, SubmissionReleased
from shared.contracts.event import Event
from shared.messaging.message import message_of
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import NOTIFY_REQUESTS
from support.events import an_event
from support.polling import eventually
from support.queues import Queues
from support.service import ROOT, Service
from support.wishes import as_spam


@pytest.fixture
def notify(broker_url: str, database_url: str, mail_sink: MailSink, tmp_path: Path) -> Iterator[Service]:
    engine = database.create(database_url)
    MIGRATIONS.upgrade(engine)
    engine.dispose()
    settings = {
        "COUNTERFOIL_BROKER_URL": broker_url,
        "COUNTERFOIL_DATABASE_URL": database_url,
        "COUNTERFOIL_SMTP_URL": mail_sink.url,
        "COUNTERFOIL_FORMS": str(ROOT / "forms.example.toml"),
        "COUNTERFOIL_SMTP_TIMEOUT_S": "1",  # what died may have claimed the mail: so long nobody sends it
    }
    service = Service("notify", "notify_service", settings, tmp_path / "notify.log")
    yield service
    if service.is_running():
        assert service.stop() == 0, service.tail()


def publish(broker_url: str, *events: Event) -> None:
    publisher = RabbitMQ(broker_url, name="test").publisher()
    eventually(lambda: not publisher.missing(), 20, "the publisher is ready")
    for event in events:
        publisher.publish(message_of(event), timeout_s=10)
    publisher.close()


@pytest.mark.parametrize("kind", ["request", "release"])
def test_it_is_sent_once_whatever_dies(kind: str, broker_url: str, notify: Service, mail_sink: MailSink) -> None:
    event = an_event()
    asked: Event = DeliveryRequested(uuid4(), "confirmation", event, "a test", datetime.now(UTC))
    publish(broker_url, SubmissionReleased(1, as_spam(event)) if kind == "release" else asked)
    for point in (f"after-{kind}", f"after-{kind}-publish"):
        notify.start(COUNTERFOIL_FAILPOINT=point)
        assert notify.wait(timeout_s=60) == 137, f"vacuous: it did not die {point}\n{notify.tail()}"
    notify.start()
    queues = Queues(broker_url)
    eventually(lambda: queues.consumers(NOTIFY_REQUESTS.name) == 1, 30, "it runs")
    eventually(lambda: len(mail_sink.messages()) == 1, 60, "it is sent")
    assert notify.stop() == 0, notify.tail()
    assert len(mail_sink.messages()) == 1
    assert queues.depth(NOTIFY_REQUESTS.name) == 0
