"""Storage is killed around the commit by which good wins: what was held is released once, or not yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dev.mail_sink import MailSink
from shared import database
from shared.contracts import SubmissionAccepted
from shared.messaging.message import message_of
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import NOTIFY_REQUESTS, NOTIFY_SUBMISSIONS, STORAGE
from storage_service.records import Record, Records
from support.events import an_event
from support.installation import Installation
from support.polling import eventually
from support.working import Verdict, verdicts


@pytest.fixture
def services(broker_url: str, database_url: str, mail_sink: MailSink, tmp_path: Path) -> Iterator[Installation]:
    """Storage and notify, without a gateway: what gateways say is published by the test."""
    both = None if database_url.startswith("sqlite") else database_url
    made = Installation(tmp_path / "installation", broker_url=broker_url, smtp_url=mail_sink.url, database_url=both)
    made.prepare()
    yield made
    made.stop()


def publish(broker_url: str, *events: SubmissionAccepted) -> None:
    publisher = RabbitMQ(broker_url, name="test").publisher()
    eventually(lambda: not publisher.missing(), 20, "the publisher is ready")
    for event in events:
        publisher.publish(message_of(event), timeout_s=10)
    publisher.close()


def row(services: Installation, event: SubmissionAccepted) -> Record | None:
    engine = database.create(services.database_urls["storage"])
    try:
        return Records(engine).one(event.id, None)
    finally:
        engine.dispose()


def told(services: Installation) -> list[Verdict]:
    """Return what storage has to tell notify still."""
    engine = database.create(services.database_urls["storage"])
    try:
        return verdicts(engine)
    finally:
        engine.dispose()


def test_what_was_held_is_released_and_delivered_once(
    services: Installation, broker_url: str, mail_sink: MailSink
) -> None:
    storage, notify, event = services.storage[0], services.notify[0], an_event()
    held = replace(event, spam="score")
    storage.start()
    publish(broker_url, held)
    eventually(lambda: row(services, event) is not None, 30, "it is stored")
    assert storage.stop() == 0, "it acks what it stored: else that comes again, perhaps alone"
    publish(broker_url, event, held)
    for point, is_cleared in (("before-commit", False), ("after-commit", True)):
        storage.start(COUNTERFOIL_FAILPOINT=point)
        assert storage.wait(timeout_s=60) == 137, f"vacuous: it did not die {point}\n{storage.tail()}"
        found = row(services, event)
        assert found
        assert (found.spam is None, found.version) == (is_cleared, 1 + is_cleared), point
    assert [one.version for one in told(services)] == [2], "vacuous: it was published before"
    storage.start()
    notify.start(COUNTERFOIL_FAILPOINT="after-plan")
    assert notify.wait(timeout_s=60) == 137, notify.tail()
    notify.start()
    services.await_ready()
    eventually(lambda: len(mail_sink.messages()) == 1, 60, "it is confirmed")
    eventually(lambda: told(services) == [], 60, "storage has told notify")
    queues = (STORAGE, NOTIFY_SUBMISSIONS, NOTIFY_REQUESTS)
    eventually(lambda: sum(services.queues.depth(one.name) for one in queues) == 0, 60, "all is taken")
    found = row(services, event)
    assert found
    assert (found.spam, found.version, len(mail_sink.messages())) == (None, 2, 1)
