"""The storage service takes what is parked off its queue: once, whoever dies, and whoever parked it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from sqlalchemy import Engine

from dev.postgres import Postgres
from shared.contracts import encode
from shared.messaging.message import PARKING_HEADER, REASON_HEADER
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import DELIVERY_LIMIT, STORAGE
from support.events import an_event
from support.parked_rows import parked_rows
from support.polling import eventually
from support.queues import Queues
from support.service import ROOT, Service, clean_environment
from support.submission_databases import migrated, stored

Make = Callable[[str], Service]


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
def make(broker_url: str, tmp_path: Path) -> Iterator[Make]:
    """Make a service on a database; at the end of the test it must stop as told."""
    made: list[Service] = []

    def service(url: str) -> Service:
        settings = {"COUNTERFOIL_BROKER_URL": broker_url, "COUNTERFOIL_DATABASE_URL": url}
        made.append(Service("storage", "storage_service", settings, tmp_path / f"storage-{len(made)}.log"))
        return made[-1]

    yield service
    for one in made:
        if one.is_running():
            assert one.stop() == 0, one.tail()


def park(queues: Queues, count: int) -> list[str]:
    """Put so many messages on the parked queue, as a service does; return their ids."""
    ids = [str(uuid4()) for _ in range(count)]
    for message_id in ids:
        headers = {REASON_HEADER: "because", PARKING_HEADER: str(uuid4())}
        properties = pika.BasicProperties(message_id=message_id, type="t", headers=headers, delivery_mode=2)
        queues.publish("", STORAGE.parked, b"\xff" + message_id.encode(), properties)
    return ids


def test_a_death_before_the_ack_keeps_it_once(engine: Engine, database_url: str, queues: Queues, make: Make) -> None:
    ids = park(queues, 5)
    service = make(database_url)
    service.start(COUNTERFOIL_FAILPOINT="after-keep")
    assert service.wait(timeout_s=30) == 137, service.tail()
    assert len(parked_rows(database_url, "storage")) == 1, "vacuous: it died before it kept anything"
    service.start()
    eventually(lambda: len(parked_rows(database_url, "storage")) == 5, 30, "all are kept")
    rows = parked_rows(database_url, "storage")
    assert {(row.message_id, row.parkings) for row in rows} == {(one, 1) for one in ids}
    eventually(lambda: queues.depth(STORAGE.parked) == 0, 10, "the queue is empty")


def test_two_replicas_keep_each_once(postgres_url: str, queues: Queues, make: Make) -> None:
    with migrated(postgres_url):
        for replica in (make(postgres_url), make(postgres_url)):
            replica.start()
        eventually(lambda: queues.consumers(STORAGE.parked) == 2, 30, "both collect")
        ids = park(queues, 30)
        eventually(lambda: len(parked_rows(postgres_url, "storage")) == 30, 30, "all are kept")
        assert {(row.message_id, row.parkings) for row in parked_rows(postgres_url, "storage")} == {(i, 1) for i in ids}


def test_while_the_database_is_away_it_waits_on_the_queue(server_directory: Path, queues: Queues, make: Make) -> None:
    with Postgres(server_directory / "parked-postgres") as server:
        url = server.create_database("parked")
        with migrated(url):
            service = make(url)
            service.start()
            eventually(lambda: queues.consumers(STORAGE.parked) == 1, 30, "it collects")
            server.stop()
            ids = park(queues, 3)
            eventually(lambda: "holding" in service.tail(), 30, "it holds the first")
            assert service.is_running()
            server.start()
            eventually(lambda: {row.message_id for row in parked_rows(url, "storage")} == set(ids), 60, "all are kept")


def test_what_the_broker_gave_up_is_listed_and_can_be_replayed(
    engine: Engine, database_url: str, broker_url: str, queues: Queues, make: Make
) -> None:
    event = an_event()
    properties = pika.BasicProperties(message_id=str(event.id), type=event.TYPE, delivery_mode=2)
    queues.publish("", STORAGE.name, encode(event), properties)

    def give_back_until_it_is_gone(channel: BlockingChannel) -> bool:
        for _ in range(DELIVERY_LIMIT + 50):
            method, _properties, _body = channel.basic_get(STORAGE.name)
            if method is not None and method.delivery_tag is not None:
                channel.basic_nack(method.delivery_tag, requeue=True)
        return True

    queues.on_channel(give_back_until_it_is_gone)
    eventually(lambda: queues.depth(STORAGE.parked) == 1, 20, "the broker gave it up")
    service = make(database_url)
    service.start()
    [row] = eventually(lambda: parked_rows(database_url, "storage"), 30, "it is kept")
    assert (row.kind, row.reason, row.work_queue) == ("limit", "the broker gave it up: delivery_limit", STORAGE.name)
    settings = {"COUNTERFOIL_BROKER_URL": broker_url, "COUNTERFOIL_DATABASE_URL": database_url}
    arguments = [sys.executable, "-m", "storage_service", "parked", "replay", row.id, "--as", "ada"]
    died = subprocess.run(
        arguments, env=clean_environment() | settings | {"COUNTERFOIL_FAILPOINT": "after-replay-publish"}, cwd=ROOT
    )
    assert died.returncode == 137, "vacuous: it did not die between publishing and noting it"
    eventually(lambda: stored(engine) == {event.id: event.fingerprint}, 20, "it is stored, byte for byte")
    assert [one.id for one in parked_rows(database_url, "storage")] == [row.id], "it still waits: nobody noted it"
    done = subprocess.run(arguments, env=clean_environment() | settings, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "1 replayed\n"), done.stderr
    eventually(lambda: queues.depth(STORAGE.name) == 0, 20, "it was taken again")
    assert stored(engine) == {event.id: event.fingerprint}
    assert parked_rows(database_url, "storage") == []
