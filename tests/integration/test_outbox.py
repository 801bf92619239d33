"""The outbox: what a transaction decides on is published if it commits, at least once, by one process at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, text

from shared.database import Outbox, OutboxPublisher
from shared.database import outbox as outbox_module
from shared.database.leases import LEASE
from shared.failpoints import Injected
from shared.messaging.message import Message
from shared.telemetry.outbox import measure_outbox
from support.outboxes import ListingPublisher, a_lease, a_message, lent
from support.polling import eventually


@pytest.fixture
def lent_outbox(database_url: str) -> Iterator[tuple[Engine, Outbox]]:
    with lent(database_url) as made:
        yield made


@pytest.fixture
def engine(lent_outbox: tuple[Engine, Outbox]) -> Engine:
    return lent_outbox[0]


@pytest.fixture
def outbox(lent_outbox: tuple[Engine, Outbox]) -> Outbox:
    return lent_outbox[1]


def add(engine: Engine, outbox: Outbox, *numbers: int) -> None:
    with engine.begin() as connection:
        outbox.add(connection, [a_message(number) for number in numbers])


def waiting(engine: Engine, outbox: Outbox) -> int:
    with engine.connect() as connection:
        return outbox.waiting(connection, datetime.now(UTC)).count


@contextmanager
def running(engine: Engine, outbox: Outbox, publisher: ListingPublisher, **others: Any) -> Iterator[OutboxPublisher]:
    made = OutboxPublisher(engine, outbox, a_lease(), publisher, look_every_s=0.02, **others)
    thread = threading.Thread(target=made.run)
    thread.start()
    try:
        yield made
    finally:
        made.stop()
        thread.join(20)
    assert not thread.is_alive()
    assert publisher.is_closed


def test_what_is_rolled_back_is_never_published(engine: Engine, outbox: Outbox) -> None:
    with engine.connect() as connection:
        outbox.add(connection, [a_message(1)])
        connection.rollback()
    assert waiting(engine, outbox) == 0


def test_what_is_committed_is_published_as_it_was_added_and_goes(engine: Engine, outbox: Outbox) -> None:
    publisher = ListingPublisher()
    with running(engine, outbox, publisher):
        add(engine, outbox, *range(250))
        eventually(lambda: waiting(engine, outbox) == 0, 20, "all is published")
    assert sorted(publisher.published, key=lambda one: int(one.id[3:])) == [a_message(number) for number in range(250)]


def test_what_could_never_be_published_is_refused_when_it_is_added(
    engine: Engine, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.begin() as connection:
        with pytest.raises(ValueError, match="no route"):
            outbox.add(connection, [Message("nobody.knows.v1", "x", b"")])
        monkeypatch.setattr(outbox_module, "EVENT_BYTES_MOST", 10)
        with pytest.raises(ValueError, match="11 bytes, 10 at most"):
            outbox.add(connection, [Message("submission.withheld.v1", "x", b"x" * 11)])
    assert waiting(engine, outbox) == 0


def test_a_batch_holds_so_many_bytes_but_one_message_at_least(
    engine: Engine, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "BATCH_BYTES_MOST", 14)
    add(engine, outbox, 1, 2, 3)
    with engine.begin() as connection:
        outbox.add(connection, [Message("submission.withheld.v1", "long", b"x" * 100)])
        first = outbox.first(connection)
        assert [one.id for one in first.values()] == ["id-1", "id-2"], "the oldest"
        outbox.remove(connection, list(first))
        second = outbox.first(connection)
        outbox.remove(connection, list(second))
        assert [one.id for one in outbox.first(connection).values()] == ["long"], "larger than a batch, and alone"


def test_numbers_are_never_used_again(engine: Engine, outbox: Outbox) -> None:
    """Else whoever removes what it has published could remove what was added since."""
    add(engine, outbox, 1, 2)
    with engine.begin() as connection:
        before = list(outbox.first(connection))
        outbox.remove(connection, before)
    add(engine, outbox, 3)
    with engine.begin() as connection:
        assert min(outbox.first(connection)) > max(before)


def test_one_that_is_refused_waits_and_its_neighbours_go(engine: Engine, outbox: Outbox) -> None:
    publisher = ListingPublisher(refused={"id-2"})
    add(engine, outbox, 1, 2, 3)
    with running(engine, outbox, publisher):
        eventually(lambda: waiting(engine, outbox) == 1, 10, "the neighbours go")
        publisher.refused.clear()
        eventually(lambda: waiting(engine, outbox) == 0, 10, "it goes once it may")
    assert sorted(one.id for one in publisher.published) == ["id-1", "id-2", "id-3"]


def test_while_the_broker_is_away_it_waits_longer_each_time(engine: Engine, outbox: Outbox) -> None:
    publisher = ListingPublisher(refusal="timeout")
    tries = list[str]()
    add(engine, outbox, 1)
    with running(engine, outbox, publisher, reach=tries.append):
        eventually(lambda: "outbox-after-publish" in tries, 10, "it tries")
        threading.Event().wait(1.0)
        assert tries.count("outbox-before-publish") <= 4, "it does not storm"
        publisher.refusal = None
        eventually(lambda: waiting(engine, outbox) == 0, 20, "it goes once the broker is back")


@pytest.mark.parametrize("point", ["outbox-before-publish", "outbox-after-publish", "outbox-after-remove"])
def test_an_error_anywhere_ends_nothing_and_loses_nothing(engine: Engine, outbox: Outbox, point: str) -> None:
    failed = list[str]()

    def fail_once(name: str) -> None:
        if name == point and not failed:
            failed.append(name)
            raise Injected(name)

    publisher = ListingPublisher()
    add(engine, outbox, 1, 2)
    with running(engine, outbox, publisher, reach=fail_once):
        eventually(lambda: failed and waiting(engine, outbox) == 0, 20, "it goes on")
    assert {one.id for one in publisher.published} == {"id-1", "id-2"}


def test_one_process_has_the_lease_and_gives_it_back(engine: Engine, outbox: Outbox) -> None:
    first, second, now = a_lease(), a_lease(), datetime.now(UTC)
    with engine.begin() as connection:
        assert first.is_taken(connection, now)
        assert not second.is_taken(connection, now)
        assert first.is_running(now)
        assert not second.is_running(now)
        assert not first.is_running(now + LEASE / 2), "it is to be renewed"
        assert first.is_taken(connection, now + LEASE / 2)
        assert not second.is_taken(connection, now + LEASE), "it was renewed"
        first.give_back(connection)
        assert second.is_taken(connection, now + timedelta(seconds=1))
        assert first.is_taken(connection, now + 2 * LEASE), "whose holder died ends by itself"


def test_who_has_no_lease_publishes_nothing(engine: Engine, outbox: Outbox) -> None:
    other, publisher = a_lease(), ListingPublisher()
    with engine.begin() as connection:
        assert other.is_taken(connection, datetime.now(UTC))
    add(engine, outbox, 1)
    with running(engine, outbox, publisher):
        threading.Event().wait(0.5)
        assert publisher.published == []
        with engine.begin() as connection:
            other.give_back(connection)
        eventually(lambda: waiting(engine, outbox) == 0, 10, "it takes over")


def test_what_is_to_be_told_is_added_before_each_look(engine: Engine, outbox: Outbox) -> None:
    told = iter([1, 2, 3])

    def fill() -> None:
        if (number := next(told, None)) is not None:
            add(engine, outbox, number)

    publisher = ListingPublisher()
    with running(engine, outbox, publisher, fill=fill):
        eventually(lambda: len(publisher.published) == 3, 10, "all are told")


def test_it_is_measured(engine: Engine, outbox: Outbox) -> None:
    registry = CollectorRegistry()
    made = OutboxPublisher(engine, outbox, a_lease(), ListingPublisher())
    measure_outbox(registry, made.waiting)
    assert registry.get_sample_value("counterfoil_outbox_waiting") == 0
    assert registry.get_sample_value("counterfoil_outbox_oldest_seconds") == 0
    add(engine, outbox, 1, 2)
    assert registry.get_sample_value("counterfoil_outbox_waiting") == 2
    assert 0 <= (registry.get_sample_value("counterfoil_outbox_oldest_seconds") or 0) < 60
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE toy_outbox"))
    assert registry.get_sample_value("counterfoil_outbox_waiting") is None, "no figure is better than a wrong one"
