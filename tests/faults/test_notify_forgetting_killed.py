"""Notify is killed while it forgets: it forgets all the same, once it runs, and what comes later stays dropped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dev.mail_sink import MailSink
from notify_service.tables import MIGRATIONS
from shared import database
from shared.contracts import SubmissionErased
from shared.contracts.event import Event
from shared.messaging.message import message_of
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import NOTIFY_ERASURES, NOTIFY_SUBMISSIONS, WORK_QUEUES
from support.events import an_event
from support.forgetting import places_of
from support.polling import eventually
from support.queues import Queues
from support.service import ROOT, Service


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = database.create(database_url)
    MIGRATIONS.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def notify(
    engine: Engine, broker_url: str, database_url: str, mail_sink: MailSink, tmp_path: Path
) -> Iterator[Service]:
    settings = {
        "COUNTERFOIL_BROKER_URL": broker_url,
        "COUNTERFOIL_DATABASE_URL": database_url,
        "COUNTERFOIL_SMTP_URL": mail_sink.url,
        "COUNTERFOIL_FORMS": str(ROOT / "forms.example.toml"),
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


def test_it_is_forgotten_whatever_dies(engine: Engine, broker_url: str, notify: Service, mail_sink: MailSink) -> None:
    event, queues = an_event(), Queues(broker_url)
    notify.start()
    publish(broker_url, event)
    eventually(lambda: len(mail_sink.messages()) == 1, 60, "it is sent")
    assert notify.stop() == 0, notify.tail()
    assert "deliveries" in places_of(engine, event.id.hex)
    publish(broker_url, SubmissionErased(event.id, datetime.now(UTC)))
    for point in ("before-forget", "within-forget", "after-forget"):
        notify.start(COUNTERFOIL_FAILPOINT=point)
        assert notify.wait(timeout_s=60) == 137, f"vacuous: it did not die {point}\n{notify.tail()}"
        assert ("deliveries" in places_of(engine, event.id.hex)) == (point != "after-forget")
    notify.start()
    publish(broker_url, event)  # a replay, or a copy from a delay level
    work = [one.name for one in WORK_QUEUES if one in (NOTIFY_ERASURES, NOTIFY_SUBMISSIONS)]
    eventually(lambda: queues.consumers(NOTIFY_ERASURES.name) == 1, 30, "it runs")
    eventually(lambda: sum(map(queues.depth, work)) == 0, 30, "it has taken both")
    later = replace(an_event(id=event.id), accepted_at=datetime.now(UTC) + timedelta(seconds=90))
    publish(broker_url, later)
    eventually(lambda: len(mail_sink.messages()) == 2, 60, "a later submission under its key is confirmed")
    assert notify.stop() == 0, notify.tail()
    assert len(mail_sink.messages()) == 2
