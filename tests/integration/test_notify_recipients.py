"""The cap on confirmations to one recipient, on both databases, and on the fake that unit tests use for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event, text, update

from notify_service.deliveries import ClaimTable
from notify_service.domain import Capped, Claim, ClaimAnswer, Key, Settled
from notify_service.handler import Deliveries
from notify_service.queries import Confirmations
from notify_service.recipients import Cap
from notify_service.tables import MIGRATIONS, confirmations
from shared import database
from shared.contracts import Confirmation
from support.confirmations import NOON, FakeDeliveries, a_key

CAP = Cap(3, timedelta(days=1))
OWNER = uuid4()


class Subject(Deliveries, Confirmations, Protocol):
    """What is tested."""


Make = Callable[[Cap | None], Subject]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = database.create(database_url)
    MIGRATIONS.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    if request.param == "fake":
        yield lambda cap: FakeDeliveries(cap=cap)
        return
    engine = database.create(
        request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])
    )
    MIGRATIONS.upgrade(engine)
    yield lambda cap: ClaimTable(engine, cap)
    engine.dispose()


def claim(subject: Deliveries, key: Key | None = None, *, at: datetime = NOON, recipient: str = "ada") -> ClaimAnswer:
    lease_until = at + timedelta(seconds=75)
    key = key or a_key()
    return subject.claim({key: recipient}, owner=OWNER, now=at, lease_until=lease_until)[key]


def test_beyond_the_cap_a_confirmation_has_failed_and_stays_so(make: Make) -> None:
    subject = make(CAP)
    assert all(isinstance(claim(subject), Claim) for _ in range(CAP.most))
    key = a_key()
    expected = Confirmation("email", "failed", 0, NOON)
    assert claim(subject, key) == Capped(expected)
    assert claim(subject, key, at=NOON + timedelta(days=2)) == Settled()
    assert subject.confirmations(key.submission_id) == [expected]


def test_what_failed_by_the_cap_does_not_count(make: Make) -> None:
    subject = make(CAP)
    for hour in range(24):
        claim(subject, at=NOON + timedelta(hours=hour))
    assert isinstance(claim(subject, at=NOON + timedelta(hours=24)), Claim)


def test_the_same_submission_counts_once_however_often_it_is_claimed(make: Make) -> None:
    subject, key = make(CAP), a_key()
    for hour in range(CAP.most + 2):
        claimed = claim(subject, key, at=NOON + timedelta(hours=hour))
        assert isinstance(claimed, Claim)
        subject.record(claimed, "retrying", now=NOON + timedelta(hours=hour), error="rcpt 450")
    assert all(isinstance(claim(subject, at=NOON + timedelta(hours=6)), Claim) for _ in range(CAP.most - 1))
    assert isinstance(claim(subject, at=NOON + timedelta(hours=6)), Capped)
    assert isinstance(claim(subject, key, at=NOON + timedelta(hours=7)), Claim), "a retry is not refused afterwards"


def test_what_was_claimed_before_the_period_does_not_count(make: Make) -> None:
    subject = make(CAP)
    for hour in range(CAP.most):
        claim(subject, at=NOON + timedelta(hours=hour))
    assert isinstance(claim(subject, at=NOON + timedelta(hours=23.9)), Capped)
    assert isinstance(claim(subject, at=NOON + timedelta(hours=24)), Claim)
    assert isinstance(claim(subject, at=NOON + timedelta(hours=24.9)), Capped)


def test_recipients_are_counted_apart(make: Make) -> None:
    subject = make(CAP)
    assert all(isinstance(claim(subject, recipient=name), Claim) for name in "abc" for _ in range(CAP.most))


def test_without_a_cap_nothing_is_counted(make: Make) -> None:
    subject = make(None)
    assert all(isinstance(claim(subject), Claim) for _ in range(CAP.most + 5))


def test_two_replicas_share_the_cap_and_the_reason_is_kept(engine: Engine) -> None:
    replicas = ClaimTable(engine, CAP), ClaimTable(engine, CAP)
    answers = [claim(replicas[number % 2]) for number in range(CAP.most + 2)]
    assert [type(answer) for answer in answers] == [Claim] * CAP.most + [Capped] * 2
    with engine.connect() as connection:
        rows = connection.execute(confirmations.select().where(confirmations.c.state == "failed")).all()
    assert [(row.last_error, row.owner, row.recipient_hash) for row in rows] == [
        ("too many confirmations to this address", None, None)
    ] * 2


def test_what_waited_before_the_cap_was_known_is_still_sent(engine: Engine) -> None:
    table, key = ClaimTable(engine, CAP), a_key()
    claimed = claim(table, key)
    assert isinstance(claimed, Claim)
    table.record(claimed, "retrying", now=NOON)
    with engine.begin() as connection:  # as a row of an earlier version is after the migration
        connection.execute(update(confirmations).values(recipient_hash=None, claimed_at=None))
    assert isinstance(claim(table, key), Claim)


def test_the_count_is_that_of_an_index(engine: Engine) -> None:
    executed: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *given: executed.append((given[2], given[3])))
    claim(ClaimTable(engine, CAP))
    [(statement, parameters)] = [one for one in executed if one[0].startswith("INSERT")]
    prefix = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":  # which reads an empty table as a whole, unless it must not
            connection.execute(text("SET enable_seqscan = off"))
        plan = connection.exec_driver_sql(f"{prefix} {statement}", parameters).all()
    assert "confirmations_by_recipient" in str(plan)
