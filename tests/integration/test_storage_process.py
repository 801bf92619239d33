"""The storage service as a process: started, fed, killed, stopped."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pika
import pytest
from sqlalchemy import Engine

from dev.postgres import Postgres
from shared.contracts import SubmissionAccepted
from shared.messaging.broker import Answer, NoAnswer, Params, RpcClient
from shared.messaging.message import message_of
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import EVENTS, STORAGE, STORAGE_QUERIES
from support.events import an_event
from support.parked_rows import parked_rows
from support.polling import eventually
from support.queues import Queues
from support.service import Service, clean_environment
from support.submission_databases import migrated, stored

Make = Callable[[str], Service]
Publish = Callable[[list[SubmissionAccepted]], None]


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


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def publish(broker_url: str) -> Iterator[Publish]:
    publisher = RabbitMQ(broker_url, name="test").publisher()

    def publish_all(events: list[SubmissionAccepted]) -> None:
        eventually(lambda: not publisher.missing(), 20, "the publisher is ready")
        for event in events:
            publisher.publish(message_of(event), timeout_s=10)

    yield publish_all
    publisher.close()


def await_stored(engine: Engine, events: list[SubmissionAccepted], service: Service) -> None:
    expected = {event.id: event.fingerprint for event in events}
    eventually(lambda: stored(engine) == expected, 30, f"{len(events)} submissions are stored\n{service.tail()}")


def answer_of(client: RpcClient, method: str, params: Params) -> Answer:
    try:
        return client.ask(STORAGE_QUERIES, method, params).answer(timeout_s=5)
    except NoAnswer:  # not connected yet
        return {}


def test_events_are_stored_and_queries_answered(
    engine: Engine, database_url: str, broker_url: str, make: Make, publish: Publish
) -> None:
    service = make(database_url)
    service.start()
    events = [an_event(n=number) for number in range(120)]
    publish(events + events[:20])
    await_stored(engine, events, service)
    client = RabbitMQ(broker_url, name="test").rpc_client()
    key = str(events[0].id)
    answer = eventually(lambda: answer_of(client, "submission", {"id": key}), 20, "a query is answered")
    client.close()
    assert answer["submission"]["fields"] == {"n": 0}
    assert service.stop() == 0, service.tail()
    assert Queues(broker_url).depth(STORAGE.name) == 0


def test_what_cannot_be_stored_is_parked_and_its_neighbours_go_on(
    engine: Engine, database_url: str, broker_url: str, make: Make, publish: Publish
) -> None:
    good = [an_event(n=number) for number in range(30)]
    bad = an_event(form="x" * 65, name="canary-value")
    publish([*good[:15], bad])
    queues = Queues(broker_url)
    queues.publish(EVENTS, bad.TYPE, b"{not json", pika.BasicProperties(type=bad.TYPE, message_id="by hand"))
    publish(good[15:])
    service = make(database_url)
    service.start()
    await_stored(engine, good, service)
    eventually(lambda: len(parked_rows(database_url, "storage")) == 2, 20, "both are parked")
    reasons = sorted(row.reason for row in parked_rows(database_url, "storage"))
    assert reasons[0].startswith("no valid event: not JSON")
    assert reasons[1].startswith("the database refuses it: ")
    assert "canary" not in service.tail(lines=1000) + "".join(reasons)


@pytest.mark.parametrize("place", ["before-commit", "after-commit"])
def test_a_death_at_the_commit_loses_and_doubles_nothing(
    engine: Engine, database_url: str, broker_url: str, make: Make, publish: Publish, place: str
) -> None:
    events = [an_event(n=number) for number in range(100)]
    publish(events)
    service = make(database_url)
    service.start(COUNTERFOIL_FAILPOINT=place)
    assert service.wait(timeout_s=30) == 137, service.tail()
    before = stored(engine)
    assert bool(before) == (place == "after-commit")
    service.start()
    queues = Queues(broker_url)
    eventually(lambda: queues.consumers(STORAGE.name) == 1, 20, f"it consumes\n{service.tail()}")
    await_stored(engine, events, service)
    assert service.stop() == 0, service.tail()
    assert queues.depth(STORAGE.name) == 0, "what was stored already was not acked"


def test_a_database_that_is_away_is_waited_for_at_the_start_and_later(
    server_directory: Path, make: Make, publish: Publish
) -> None:
    with ExitStack() as held:
        server = held.enter_context(Postgres(server_directory / "away"))
        url = server.create_database("d")
        engine = held.enter_context(migrated(url))
        server.stop()
        service = make(url)
        service.start()
        events = [an_event(n=number) for number in range(20)]
        publish(events[:10])
        eventually(lambda: "holding" in service.tail(), 20, f"it holds what it has\n{service.tail()}")
        server.start()
        await_stored(engine, events[:10], service)
        server.kill()
        publish(events[10:])
        server.start()
        await_stored(engine, events, service)
        assert service.stop() == 0, service.tail()


def test_a_database_that_was_not_migrated_is_refused_with_the_mend(empty_database_url: str, make: Make) -> None:
    service = make(empty_database_url)
    service.start()
    assert service.wait(timeout_s=30) == 2
    assert "python -m storage_service migrate" in service.tail()


def test_wrong_settings_are_refused(make: Make) -> None:
    service = make("mysql://nowhere/d")
    service.start(COUNTERFOIL_BATCH_SIZE="many")
    assert service.wait(timeout_s=30) == 2
    assert "DATABASE_URL" in service.tail()
    assert "BATCH_SIZE" in service.tail()


def test_a_locked_database_is_waited_for_and_stopping_is_still_possible(
    sqlite_url: str, make: Make, publish: Publish
) -> None:
    with migrated(sqlite_url) as engine:
        locker = sqlite3.connect(str(engine.url.database), isolation_level=None)
        locker.execute("BEGIN IMMEDIATE")
        service = make(f"{sqlite_url}?timeout=0.1")
        event = an_event()
        publish([event])
        service.start()
        eventually(lambda: "database is locked" in service.tail(), 20, f"it holds\n{service.tail()}")
        assert service.stop() == 0, service.tail()
        locker.close()
        service.start()
        await_stored(engine, [event], service)


def test_a_migration_that_cannot_be_done_says_why(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "storage_service", "migrate"],
        env=clean_environment() | {"COUNTERFOIL_DATABASE_URL": "sqlite:///missing/test.db"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "the database cannot be migrated: unable to open database file" in done.stderr
