"""What is done once a minute, on both databases: lost messages are found, what is too old has failed, old tries go."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, event, insert, select, text

from notify_service.channels.planned import NO_REQUEST
from notify_service.deliveries.retries import LOST
from notify_service.tables import LEASES, MIGRATIONS, OUTBOX, deliveries, delivery_attempts
from notify_service.upkeep.lost import LostMessages
from notify_service.upkeep.open_rows import PAGE, overdue
from notify_service.upkeep.pruning import BATCH, KEPT_FOR, forget_old_tries
from notify_service.upkeep.upkeep import Upkeep
from shared import database
from shared.contracts import DeliveryMissing, Missing
from shared.database import Lease, Outbox
from shared.messaging.failures import DependencyUnavailable
from support.confirmations import NOON
from support.migrating import migrate
from support.polling import eventually

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def engine(notify_database_url: str) -> Iterator[Engine]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield engine
    engine.dispose()


def a_row(state: str = "pending", at: datetime = NOON, **others: Any) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "submission_id": uuid4(),
        "form": "signup",
        "channel": "webhook",
        "destination_hash": uuid4().hex,
        "destination_shown": "hooks.example.com",
        "request": NO_REQUEST,
        "state": state,
        "attempts": 0,
        "last_error": None,
        "due_at": None if state == "held" else at,
        "created_at": at,
        "changed_at": at,
        "next_attempt_at": None,
        "lease_until": None,
        "published_again_at": None,
    } | others


def put(engine: Engine, *rows: dict[str, Any]) -> list[UUID]:
    with engine.begin() as connection:
        connection.execute(insert(deliveries), list(rows))
    return [row["id"] for row in rows]


@dataclass
class World:
    """The collaborators of `LostMessages`, made up but for the database."""

    engine: Engine
    ready: int = 0
    on_levels: int = 0
    parked: set[str] = field(default_factory=set)
    away: set[str] = field(default_factory=set)
    asked: int = 0
    lost: list[str] = field(default_factory=list)

    def waiting(self) -> tuple[int, int]:
        self.asked += 1
        return self.ready, self.on_levels

    def standing(self, ids: Sequence[str]) -> Collection[str]:
        return self.parked & set(ids)

    def look(self, now: datetime) -> list[Missing]:
        """Look once, and return what storage is asked for."""
        outbox = Outbox(OUTBOX)
        find = LostMessages(self.engine, self, outbox, self.standing, self.away.__contains__, self.lost.append)
        find(now)
        with self.engine.begin() as connection:
            sent = outbox.first(connection)
            outbox.remove(connection, list(sent))
        return [one for each in sent.values() for one in DeliveryMissing.decode(each.body).deliveries]


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


def state_of(engine: Engine, key: UUID) -> tuple[str, str | None]:
    with engine.connect() as connection:
        row = connection.execute(select(deliveries).where(deliveries.c.id == key)).one()
    return row.state, row.last_error


@pytest.mark.parametrize(
    ("row", "minutes"),
    [
        (a_row(), 5),
        (a_row("sending", lease_until=NOON + 2 * MINUTE), 7),
        (a_row("retrying", next_attempt_at=NOON + 8 * MINUTE), 15),
        (a_row("held", last_error="limit form", next_attempt_at=NOON + 30 * MINUTE), 35),
    ],
    ids=lambda one: one["state"] if isinstance(one, dict) else "",
)
def test_a_message_is_gone_that_must_have_come_five_minutes_ago(
    world: World, row: dict[str, Any], minutes: int
) -> None:
    row = row | {"id": uuid4(), "submission_id": uuid4(), "request": uuid4()}
    put(world.engine, row)
    assert world.look(NOON + minutes * MINUTE - timedelta(seconds=1)) == []
    named = Missing(row["submission_id"], row["id"], "webhook", row["destination_hash"], row["request"])
    assert world.look(NOON + minutes * MINUTE) == [named]
    assert world.look(NOON + minutes * MINUTE + HOUR) == [], "it was asked for just now"
    assert world.look(NOON + minutes * MINUTE + 6 * HOUR) == [named]
    assert state_of(world.engine, row["id"])[0] == row["state"]


def test_nothing_is_done_while_a_message_may_be_on_its_way(world: World) -> None:
    put(world.engine, a_row())
    world.ready = 1
    assert world.look(NOON + 100 * HOUR) == []
    world.ready, world.on_levels = 0, 1
    assert world.look(NOON + HOUR) == [], "it may have been put aside, and lie on a delay level"
    assert len(world.look(NOON + 6 * HOUR + 5 * MINUTE)) == 1


def test_the_broker_is_asked_only_where_something_is_overdue(world: World) -> None:
    put(world.engine, a_row("sent"), a_row("failed"), a_row("cancelled"), a_row("held", last_error="spam"))
    put(world.engine, a_row("retrying", next_attempt_at=NOON + 101 * HOUR))
    assert world.look(NOON + 70 * HOUR) == []
    assert world.asked == 0


def test_what_waits_for_a_person_or_for_the_mail_server_is_not_lost(world: World) -> None:
    by_delivery, by_submission, mail = a_row(), a_row(), a_row(channel="confirmation")
    put(world.engine, by_delivery, by_submission, mail, a_row(channel="of-a-later-version"))
    world.parked, world.away = {str(by_delivery["id"]), str(by_submission["submission_id"])}, {"smtp"}
    assert world.look(NOON + 100 * HOUR) == []
    assert state_of(world.engine, mail["id"]) == ("pending", None)
    world.away.clear()
    world.look(NOON + 100 * HOUR)
    assert state_of(world.engine, mail["id"]) == ("failed", LOST)
    assert world.lost == ["confirmation"]


@pytest.mark.parametrize("state", ["pending", "sending", "retrying"])
def test_after_80_hours_it_has_failed_visibly(world: World, state: str) -> None:
    moments: dict[str, Any] = {
        "lease_until": NOON + MINUTE,
        "next_attempt_at": NOON + HOUR if state == "retrying" else None,
    }
    [key] = put(world.engine, a_row(state, published_again_at=NOON + 79 * HOUR, **moments))
    assert world.look(NOON + 80 * HOUR - MINUTE) == []
    assert state_of(world.engine, key)[0] == state
    assert world.look(NOON + 80 * HOUR) == []
    assert state_of(world.engine, key) == ("failed", LOST)


def test_under_a_lease_and_held_nothing_is_lost(world: World) -> None:
    leased, capped, spam = put(
        world.engine,
        a_row("sending", lease_until=NOON + 81 * HOUR),
        a_row("held", last_error="limit form", next_attempt_at=NOON + HOUR, published_again_at=NOON + 80 * HOUR),
        a_row("held", last_error="spam"),
    )
    assert world.look(NOON + 80 * HOUR + MINUTE) == []
    assert [state_of(world.engine, key)[0] for key in (leased, capped, spam)] == ["sending", "held", "held"]


def test_however_many_there_are_each_is_asked_for_once(world: World) -> None:
    keys = put(world.engine, *(a_row(at=NOON + timedelta(seconds=number // 100)) for number in range(2 * PAGE + 3)))
    asked = world.look(NOON + HOUR)
    assert sorted(one.delivery_id for one in asked) == sorted(keys)
    assert world.look(NOON + HOUR) == []


def test_it_looks_into_an_index_of_what_is_not_sent(engine: Engine) -> None:
    executed: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *given: executed.append((given[2], given[3])))
    list(overdue(engine, NOON, levels_are_empty=True))
    asked = [one for one in executed if one[0].startswith("SELECT")]
    assert len(asked) == 4
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":  # which reads an empty table as a whole, unless it must not
            connection.execute(text("SET enable_seqscan = off"))
            connection.execute(text("SET enable_bitmapscan = off"))
        prefix = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        for statement, parameters in asked:
            plan = str(connection.exec_driver_sql(f"{prefix} {statement}", parameters).all())
            assert "deliveries_unsent" in plan, plan
            assert "Sort" not in plan
            assert "B-TREE" not in plan


def test_old_tries_go_and_others_stay(engine: Engine) -> None:
    def a_try(at: datetime) -> dict[str, Any]:
        return {"delivery_id": uuid4(), "number": 1, "at": at, "took_ms": 1, "outcome": "sent", "said": ""}

    with engine.begin() as connection:
        connection.execute(insert(delivery_attempts), [a_try(NOON) for _ in range(BATCH + 1)])
        connection.execute(insert(delivery_attempts), [a_try(NOON + HOUR)])
    assert forget_old_tries(engine, NOON + KEPT_FOR) == 0
    assert forget_old_tries(engine, NOON + KEPT_FOR + MINUTE) == BATCH + 1
    with engine.connect() as connection:
        assert connection.execute(select(delivery_attempts.c.at)).scalars().all() == [NOON + HOUR]


def test_one_process_works_and_another_goes_on_where_it_ends(engine: Engine) -> None:
    worked: list[str] = []

    def made(name: str, fail: Callable[[], object] = lambda: None) -> Upkeep:
        def fails(_: datetime) -> None:
            fail()
            raise DependencyUnavailable("away")

        tasks = [fails, lambda _: worked.append(name)]
        return Upkeep(engine, Lease(LEASES, "upkeep"), tasks, every_s=0.05, look_every_s=0.02)

    first, second = made("first"), made("second", lambda: 1 / 0)
    with ThreadPoolExecutor(2) as pool:
        pool.submit(first.run)
        eventually(lambda: worked.count("first") > 1, 20, "the first works, whatever another task says")
        pool.submit(second.run)
        time.sleep(0.3)
        assert set(worked) == {"first"}
        first.stop()
        eventually(lambda: "second" in worked, 20, "it gave its lease back, and the second works")
        assert (second.stuck(), second.missing()) == ([], [])
        second.stop()
