"""Each try is kept with what records its outcome, on both databases; age counts from when a delivery is due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event, text, update

from notify_service.channels.counting import Counted
from notify_service.channels.planned import Key
from notify_service.deliveries.caps import NO_CAPS, Cap, Caps
from notify_service.deliveries.retries import AGE_LIMIT
from notify_service.deliveries.states import Claim, ClaimAnswer, Held, NotYet, Sent, Settled, Tried
from notify_service.deliveries.table import DeliveryTable
from notify_service.tables import MIGRATIONS, deliveries, delivery_attempts
from shared import database
from shared.contracts import Confirmation
from support.confirmations import NOON, a_key, planned
from support.migrating import migrate

LEASE = timedelta(seconds=75)
WORKER = uuid4()


@pytest.fixture
def engine(notify_database_url: str) -> Iterator[Engine]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield engine
    engine.dispose()


def claim(engine: Engine, key: Key, *, after: timedelta = timedelta(), caps: Caps = NO_CAPS) -> ClaimAnswer:
    now, counted = NOON + after, Counted(form="signup") if caps else Counted()
    table = DeliveryTable(engine, caps)
    return table.claim([planned(key, counted)], lease_holder=WORKER, now=now, lease_until=now + LEASE)[key]


def claimed(engine: Engine, key: Key, **others: Any) -> Claim:
    answer = claim(engine, key, **others)
    assert isinstance(answer, Claim)
    return answer


def tries(engine: Engine, key: Key) -> list[tuple[int, str, int, str]]:
    asked = delivery_attempts.select().where(delivery_attempts.c.delivery_id == key.id)
    with engine.connect() as connection:
        rows = connection.execute(asked.order_by(delivery_attempts.c.number)).all()
    return [(row.number, row.outcome, row.took_ms, row.said) for row in rows]


def change(engine: Engine, key: Key, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == key.id).values(values))


def test_each_try_is_kept_with_what_was_said(engine: Engine) -> None:
    table, key, other = DeliveryTable(engine), a_key(), a_key()
    first = claimed(engine, key)
    table.record(first, "retrying", now=NOON, error="rcpt 450", tried=Tried(31, "450 4.2.0 come again"))
    second = claimed(engine, key)
    table.record_sent(
        [Sent(second, NOON, Tried(12, "250 queued")), Sent(claimed(engine, other), NOON, Tried(7, "250 queued, too"))]
    )
    assert tries(engine, key) == [(1, "retrying", 31, "450 4.2.0 come again"), (2, "sent", 12, "250 queued")]
    assert tries(engine, other) == [(1, "sent", 7, "250 queued, too")]


def test_what_is_recorded_twice_is_one_try(engine: Engine) -> None:
    table, key = DeliveryTable(engine), a_key()
    sent = Sent(claimed(engine, key), NOON, Tried(1, "250 ok"))
    assert table.record_sent([sent])
    assert table.record_sent([sent]) == {}
    assert tries(engine, key) == [(1, "sent", 1, "250 ok")]


def test_no_more_of_it_is_kept_than_has_room(engine: Engine) -> None:
    key = a_key()
    DeliveryTable(engine).record(claimed(engine, key), "failed", now=NOON, error="x", tried=Tried(1, "ü" * 10_000))
    assert [len(said) for *_, said in tries(engine, key)] == [500]


def test_on_postgresql_the_tries_take_no_statement_of_their_own(notify_postgres_url: str) -> None:
    engine = database.create(notify_postgres_url)
    migrate(engine, MIGRATIONS)
    table, sent = DeliveryTable(engine), [Sent(claimed(engine, a_key()), NOON, Tried(1, "ok")) for _ in range(9)]
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: seen.append(told[2]))
    assert len(table.record_sent(sent)) == len(sent)
    assert len(seen) == 1, seen
    engine.dispose()


def test_a_delivery_is_as_old_as_it_is_due(engine: Engine) -> None:
    table, key = DeliveryTable(engine), a_key()
    table.record(claimed(engine, key), "retrying", now=NOON, error="e", next_attempt_at=NOON + timedelta(hours=1))
    assert table.due_at(key.id) == NOON
    assert table.due_at(uuid4()) is None
    assert isinstance(claim(engine, key, after=timedelta(minutes=1)), NotYet)
    change(engine, key, due_at=NOON - AGE_LIMIT)
    assert claimed(engine, key, after=timedelta(minutes=1)).due_at == NOON - AGE_LIMIT


def test_one_that_was_released_is_young_again(engine: Engine) -> None:
    key, one_a_day = a_key(), Caps(form=Cap(1, timedelta(days=1)))
    claimed(engine, a_key(), caps=one_a_day)
    assert isinstance(claim(engine, key, caps=one_a_day), Held)
    later = timedelta(hours=30)
    assert claimed(engine, key, caps=one_a_day, after=later).due_at == NOON + later


def test_what_a_cap_holds_says_when_it_is_tried_again(engine: Engine) -> None:
    key, caps = a_key(), Caps(form=Cap(1, timedelta(hours=1)))
    claimed(engine, a_key(), caps=caps)
    claim(engine, key, caps=caps)
    with engine.connect() as connection:
        [at] = connection.execute(deliveries.select().where(deliveries.c.id == key.id)).all()
    assert (at.state, at.next_attempt_at, at.due_at) == ("held", NOON + timedelta(minutes=30), None)
    claimed(engine, key, after=timedelta(hours=2), caps=caps)


@pytest.mark.parametrize(
    ("state", "reason"), [("cancelled", None), ("held", "spam"), ("held", "opt-in"), ("sent", None)]
)
def test_what_is_settled_or_held_by_no_cap_is_not_taken_over(engine: Engine, state: str, reason: str | None) -> None:
    key = a_key()
    claimed(engine, key)
    change(engine, key, state=state, last_error=reason, owner=None, lease_until=None)
    for hours in (1, 100, 1000):
        assert claim(engine, key, after=timedelta(hours=hours)) == Settled()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT state FROM deliveries")).scalars().all() == [state]


def test_a_cancelled_one_is_shown_to_earlier_gateways_as_one_that_is_held(engine: Engine) -> None:
    key = a_key()
    claimed(engine, key)
    change(engine, key, state="cancelled")
    [shown] = DeliveryTable(engine).confirmations(key.submission_id)
    assert (shown.state, shown.error) == ("held", "cancelled")
    assert shown.for_receipt() == Confirmation("email", "pending", 1, NOON)
    assert list(DeliveryTable(engine).unsettled(key.submission_id)) == []
