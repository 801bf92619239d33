"""Whoever is killed on the way from a request to its removal from the outbox: each is published, none is lost."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine

from shared.contracts import DeliveryRequested
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import NOTIFY_REQUESTS, STORAGE_DELIVERIES
from storage_service.deliveries.resending import AT_ONCE, Resending
from storage_service.deliveries.selection import Selection
from support.pace import stretched_s
from support.polling import eventually
from support.queues import Queues
from support.resending import outgoing, submissions_with
from support.service import ROOT, Service, clean_environment
from support.submission_databases import migrated

Make = Callable[[], Service]


@pytest.fixture
def queues(broker_url: str) -> Queues:
    """The queues, declared."""
    publisher = RabbitMQ(broker_url, name="test").publisher()
    eventually(lambda: not publisher.missing(), 20, "the topology stands")
    publisher.close()
    return Queues(broker_url)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def make(broker_url: str, database_url: str, tmp_path: Path) -> Iterator[Make]:
    """Make replicas of the service; at the end of the test each must stop as told."""
    made: list[Service] = []

    def service() -> Service:
        settings = {"COUNTERFOIL_BROKER_URL": broker_url, "COUNTERFOIL_DATABASE_URL": database_url}
        made.append(Service("storage", "storage_service", settings, tmp_path / f"storage-{len(made)}.log"))
        return made[-1]

    yield service
    for one in made:
        if one.is_running():
            assert one.stop() == 0, one.tail()


def published(queues: Queues) -> Counter[UUID | None]:
    """Return how often each delivery's request lies on notify's queue."""
    return Counter(DeliveryRequested.decode(body).delivery_id for body, _ in queues.peek(NOTIFY_REQUESTS.name))


@pytest.mark.parametrize(
    ("point", "published_by_then"),
    [("outbox-before-publish", 0), ("outbox-after-publish", 30), ("outbox-after-remove", 30)],
)
def test_a_death_anywhere_loses_none(
    engine: Engine, queues: Queues, make: Make, point: str, published_by_then: int
) -> None:
    told = {one.delivery_id for one in submissions_with(engine, 30)}
    assert sum(Resending(engine, "a test").request(Selection())) == 30
    service = make()
    service.start(COUNTERFOIL_FAILPOINT=point)
    assert service.wait(timeout_s=30) == 137, service.tail()
    assert len(published(queues)) == published_by_then
    service.start()
    eventually(lambda: queues.consumers(STORAGE_DELIVERIES.name) == 1, 30, "it runs")
    eventually(lambda: outgoing(engine) == [], 60, "the outbox is empty: the lease of the dead has ended")
    found = published(queues)
    assert set(found) == told
    twice = point == "outbox-after-publish"  # the window that guarantees.md documents
    assert set(found.values()) == ({2} if twice else {1})


def test_two_replicas_publish_each_once(engine: Engine, queues: Queues, make: Make) -> None:
    for service in (make(), make()):
        service.start()
    eventually(lambda: queues.consumers(STORAGE_DELIVERIES.name) == 2, 30, "both run")
    told = {one.delivery_id for one in submissions_with(engine, 300)}
    assert sum(Resending(engine, "a test").request(Selection())) == 300
    eventually(lambda: outgoing(engine) == [], 30, "the outbox is empty")
    assert published(queues) == Counter(told)


@pytest.mark.parametrize(("point", "asked"), [("resend-before-commit", 0), ("resend-after-commit", AT_ONCE)])
def test_a_command_that_is_killed_goes_on_when_it_is_run_again(
    engine: Engine, database_url: str, point: str, asked: int
) -> None:
    told = {one.delivery_id for one in submissions_with(engine, AT_ONCE + 5)}

    def resend(**others: str) -> subprocess.CompletedProcess[str]:
        environment = clean_environment() | {"COUNTERFOIL_DATABASE_URL": database_url} | others
        command = [sys.executable, "-m", "storage_service", "resend", "--failed", "--yes"]
        return subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=stretched_s(60)
        )

    assert resend(COUNTERFOIL_FAILPOINT=point).returncode == 137
    assert len(outgoing(engine)) == asked
    again = resend()
    assert (again.returncode, again.stderr[-200:]) == (0, again.stderr[-200:])
    assert f"{AT_ONCE + 5 - asked} will be sent again" in again.stdout
    assert Counter(one.delivery_id for one in outgoing(engine)) == Counter(told)
