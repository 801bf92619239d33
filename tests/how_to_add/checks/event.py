"""The withdrawal, the event that `docs/how-to-add.md` adds, goes from any publisher to storage's handler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from shared.contracts import InvalidEvent, decode
from shared.contracts.event import Event
from shared.messaging.batching import BatchLimits
from shared.messaging.memory import MemoryBroker
from shared.messaging.message import message_of
from shared.messaging.topology import STORAGE
from storage_service.store import consumer
from support.brokers import running
from support.events import an_event, registered_events
from support.polling import eventually
from support.submission_databases import migrated, stored

WITHDRAWN = registered_events()["submission.withdrawn.v1"]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with migrated(f"sqlite:///{tmp_path}/storage.db") as engine:
        yield engine


def work_through(engine: Engine, *events: Event, until: Callable[[MemoryBroker], bool]) -> MemoryBroker:
    """Let storage work on what is published until something is so: what it has taken it may not have done yet."""
    broker = MemoryBroker()
    for event in events:
        broker.publisher().publish(message_of(event), timeout_s=1)
    limits = BatchLimits(size=10, age_s=0.01)
    storage = consumer.build(
        broker,
        engine,
        limits,
        announce=lambda _: None,
        registry=CollectorRegistry(),
        reach=lambda _: None,
        spans=None,
    )
    with running(storage):
        eventually(lambda: until(broker), timeout_s=20, message="it is all done")
    return broker


def withdrawal(event: Event) -> Event:
    return WITHDRAWN(event.id)  # type: ignore[call-arg]  # an event's own members are its own


def test_what_is_withdrawn_is_deleted_and_its_neighbours_are_stored(engine: Engine) -> None:
    one, two, three = an_event(), an_event(), an_event()
    left = {two.id, three.id}
    broker = work_through(engine, one, two, withdrawal(one), three, until=lambda _: stored(engine).keys() == left)
    assert broker.queued(STORAGE.parked) == []


def test_what_is_not_stored_yet_is_waited_for(engine: Engine) -> None:
    level = STORAGE.level_queue("30s")
    broker = work_through(engine, withdrawal(an_event()), until=lambda broker: bool(broker.queued(level)))
    assert len(broker.queued(level)) == 1


def test_it_is_written_and_read_by_the_door_of_all_events() -> None:
    event = withdrawal(an_event())
    assert decode(event.encode(), type=WITHDRAWN.TYPE, types=(WITHDRAWN,)) == event
    for body in (b"{}", b'{"id": 1}', b'{"id": "x"}', b"[]", str(uuid4()).encode()):
        with pytest.raises(InvalidEvent):
            WITHDRAWN.decode(body)
