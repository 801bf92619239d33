"""Storage is killed around the commit by which an address is confirmed: it counts once, and is told once it does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dev.mail_sink import MailSink
from shared import database
from shared.contracts import SubmissionAccepted, SubmissionOptedIn
from shared.contracts.event import Event
from shared.messaging.message import message_of
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import NOTIFY_REQUESTS, STORAGE, STORAGE_OPT_INS
from storage_service.records import Record, Records
from support.events import an_event
from support.installation import Installation
from support.opt_ins import a_press
from support.polling import eventually
from support.working import Verdict, verdicts


@pytest.fixture
def services(broker_url: str, database_url: str, mail_sink: MailSink, tmp_path: Path) -> Iterator[Installation]:
    """Storage alone: what gateways say is published by the test, and what it tells notify stays in its queue."""
    its = None if database_url.startswith("sqlite") else database_url
    made = Installation(tmp_path / "installation", broker_url=broker_url, smtp_url=mail_sink.url, database_url=its)
    made.prepare()
    yield made
    made.stop()


def publish(broker_url: str, *events: Event) -> None:
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


def test_a_press_counts_once_and_nothing_is_told_before(services: Installation, broker_url: str) -> None:
    storage, event = services.storage[0], replace(an_event(), opt_in=True)
    press: SubmissionOptedIn = a_press(event)
    storage.start()
    publish(broker_url, event)
    eventually(lambda: row(services, event) is not None, 30, "it is stored")
    storage.kill()
    assert (told(services), services.queues.depth(NOTIFY_REQUESTS.name)) == ([], 0)
    publish(broker_url, press, press)
    for point, version in (("opt-in-before-commit", 1), ("opt-in-after-commit", 2)):
        storage.start(COUNTERFOIL_FAILPOINT=point)
        assert storage.wait(timeout_s=60) == 137, f"vacuous: it did not die {point}\n{storage.tail()}"
        found = row(services, event)
        assert found
        assert (found.version, found.opt_in_state) == (version, "waiting" if version == 1 else "confirmed"), point
    storage.start()
    eventually(lambda: told(services) == [], 60, "storage has told notify")
    queues = (STORAGE, STORAGE_OPT_INS)
    eventually(lambda: sum(services.queues.depth(one.name) for one in queues) == 0, 60, "all is taken")
    found = row(services, event)
    assert found
    assert (found.version, found.opted_in_at) == (2, press.at)
    # once more only where it died between the broker's confirm and taking it out of the outbox
    eventually(lambda: services.queues.depth(NOTIFY_REQUESTS.name) in (1, 2), 60, "it was told")
