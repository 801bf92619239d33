"""The caps on confirmations, on both databases, and on the fake that unit tests use for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event, update

from notify_service.channels.counting import Counted
from notify_service.channels.planned import Key
from notify_service.deliveries.caps import NO_CAPS, Cap, Caps, Limit
from notify_service.deliveries.interface import Deliveries
from notify_service.deliveries.retries import AGE_LIMIT
from notify_service.deliveries.states import Capped, Claim, ClaimAnswer, Held, Settled
from notify_service.deliveries.table import DeliveryTable
from notify_service.queries import Confirmations
from notify_service.tables import MIGRATIONS, deliveries
from shared import database
from shared.contracts import Confirmation
from support.confirmations import NOON, FakeDeliveries, a_key, planned
from support.migrating import migrate

CAP = Cap(3, timedelta(days=1))
BY_RECIPIENT = Caps(recipient=CAP)
ALL = Caps(recipient=Cap(8, timedelta(days=1)), source=Cap(5, timedelta(hours=1)), form=Cap(12, timedelta(hours=1)))
SHARE = 2
OWNER = uuid4()
ADA = Counted("ada")


class Subject(Deliveries, Confirmations, Protocol):
    """What is tested."""


Make = Callable[[Caps], Subject]


@pytest.fixture
def engine(notify_database_url: str) -> Iterator[Engine]:
    engine = database.create(notify_database_url, by_index=True)
    migrate(engine, MIGRATIONS)
    yield engine
    engine.dispose()


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    if request.param == "fake":
        yield lambda caps: FakeDeliveries(caps=caps)
        return
    engine = database.create(
        request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "notify_postgres_url"}[request.param])
    )
    migrate(engine, MIGRATIONS)
    yield lambda caps: DeliveryTable(engine, caps)
    engine.dispose()


def claim(subject: Deliveries, key: Key | None = None, *, at: datetime = NOON, by: Counted = ADA) -> ClaimAnswer:
    lease_until = at + timedelta(seconds=75)
    key = key or a_key()
    return subject.claim([planned(key, by)], lease_holder=OWNER, now=at, lease_until=lease_until)[key]


def limits_of(answers: list[ClaimAnswer]) -> list[Limit | None]:
    return [answer.limit if isinstance(answer, Held) else None for answer in answers]


def anybody(**given: str) -> Counted:
    """Return what a confirmation counts by that has nothing in common with any other but what is given."""
    return replace(Counted(uuid4().hex, uuid4().hex, uuid4().hex), **given)


@pytest.mark.parametrize(
    ("caps", "given", "most", "limit"),
    [
        (BY_RECIPIENT, {"recipient": "ada"}, 3, "recipient"),
        (ALL, {"recipient": "ada"}, 8, "recipient"),
        (ALL, {"source": "office"}, 5, "source"),
        (ALL, {"form": "signup"}, 12, "form"),
        (ALL, {"source": "office", "form": "signup"}, 5, "source"),
        (ALL, {"source": "office", "recipient": "ada"}, SHARE, "share"),
        (replace(ALL, source=None), {"source": "office", "recipient": "ada"}, 8, "recipient"),
        (replace(ALL, recipient=None), {"source": "office", "recipient": "ada"}, 5, "source"),
        (replace(ALL, form=None), {"form": "signup"}, None, None),
        (NO_CAPS, {"source": "office", "recipient": "ada", "form": "signup"}, None, None),
    ],
)
def test_what_goes_beyond_a_cap_is_held_by_it(
    make: Make, caps: Caps, given: dict[str, str], most: int | None, limit: Limit | None
) -> None:
    subject, tries = make(caps), 15
    found = limits_of([claim(subject, by=anybody(**given)) for _ in range(tries)])
    expected = tries if most is None else most
    assert found == [None] * expected + [limit] * (tries - expected)
    assert isinstance(claim(subject, by=anybody()), Claim), "and nobody else's"


def test_what_counts_for_no_source_is_held_by_no_cap_of_one(make: Make) -> None:
    subject = make(ALL)
    found = limits_of([claim(subject, by=replace(anybody(recipient="ada"), source=None)) for _ in range(9)])
    assert found == [None] * 8 + ["recipient"]


def test_one_source_cannot_use_up_what_another_may_send_to_a_recipient(make: Make) -> None:
    subject = make(ALL)
    for hour in range(24):
        for _ in range(10):
            claim(subject, at=NOON + timedelta(hours=hour), by=anybody(source="stranger", recipient="ada"))
    answers = [claim(subject, at=NOON + timedelta(hours=23), by=anybody(recipient="ada")) for _ in range(6)]
    assert limits_of(answers) == [None] * (8 - SHARE)


def test_many_of_one_source_in_one_statement_are_counted_one_by_one(make: Make) -> None:
    subject, keys = make(ALL), [a_key() for _ in range(16)]
    wanted = [planned(key, anybody(source="office")) for key in keys]
    answers = subject.claim(wanted, lease_holder=OWNER, now=NOON, lease_until=NOON + timedelta(seconds=75))
    assert sorted(type(answer).__name__ for answer in answers.values()) == ["Claim"] * 5 + ["Held"] * 11
    assert isinstance(claim(subject, by=anybody(source="office")), Held)


def test_what_is_held_is_shown_with_its_limit_and_goes_once_there_is_room(make: Make) -> None:
    subject, key, later = make(BY_RECIPIENT), a_key(), NOON + timedelta(hours=24)
    assert all(isinstance(claim(subject), Claim) for _ in range(CAP.most))
    assert claim(subject, key) == Held("recipient", NOON)
    assert claim(subject, key, at=later - timedelta(minutes=1)) == Held("recipient", NOON)
    assert subject.confirmations(key.submission_id) == [Confirmation("email", "held", 0, NOON, "recipient")]
    let_go = claim(subject, key, at=later)
    assert isinstance(let_go, Claim)
    assert let_go.attempts == 1
    assert subject.confirmations(key.submission_id) == [Confirmation("email", "pending", 1, later)]
    subject.record(let_go, "sent", now=later)
    assert claim(subject, key, at=later + timedelta(minutes=1)) == Settled()
    answers = [claim(subject, at=later) for _ in range(CAP.most)]
    assert limits_of(answers) == [None] * (CAP.most - 1) + ["recipient"], "what was let go counts by then"


def test_what_is_held_for_72_hours_has_failed_and_stays_so(make: Make) -> None:
    subject, key = make(BY_RECIPIENT), a_key()
    for hour in range(0, 73, 8):
        for _ in range(CAP.most):
            claim(subject, at=NOON + timedelta(hours=hour))
    assert claim(subject, key, at=NOON + timedelta(hours=1)) == Held("recipient", NOON + timedelta(hours=1))
    end = NOON + timedelta(hours=1) + AGE_LIMIT
    assert isinstance(claim(subject, key, at=end - timedelta(minutes=1)), Held)
    expected = Confirmation("email", "failed", 0, end)
    assert claim(subject, key, at=end) == Capped("recipient", expected)
    assert claim(subject, key, at=end + timedelta(days=2)) == Settled()
    assert subject.confirmations(key.submission_id) == [replace(expected, limit="recipient")]


def test_what_is_held_does_not_count(make: Make) -> None:
    subject = make(BY_RECIPIENT)
    for hour in range(24):
        claim(subject, at=NOON + timedelta(hours=hour))
    assert isinstance(claim(subject, at=NOON + timedelta(hours=24)), Claim)


def test_the_same_submission_counts_once_however_often_it_is_claimed(make: Make) -> None:
    subject, key = make(BY_RECIPIENT), a_key()
    for hour in range(CAP.most + 2):
        claimed = claim(subject, key, at=NOON + timedelta(hours=hour))
        assert isinstance(claimed, Claim)
        subject.record(claimed, "retrying", now=NOON + timedelta(hours=hour), error="rcpt 450")
    assert all(isinstance(claim(subject, at=NOON + timedelta(hours=6)), Claim) for _ in range(CAP.most - 1))
    assert isinstance(claim(subject, at=NOON + timedelta(hours=6)), Held)
    assert isinstance(claim(subject, key, at=NOON + timedelta(hours=7)), Claim), "a retry is not held afterwards"


def test_what_was_claimed_before_the_period_does_not_count(make: Make) -> None:
    subject = make(BY_RECIPIENT)
    for hour in range(CAP.most):
        claim(subject, at=NOON + timedelta(hours=hour))
    assert isinstance(claim(subject, at=NOON + timedelta(hours=23.9)), Held)
    assert isinstance(claim(subject, at=NOON + timedelta(hours=24)), Claim)
    assert isinstance(claim(subject, at=NOON + timedelta(hours=24.9)), Held)


def test_replicas_that_claim_at_once_keep_to_every_cap(engine: Engine) -> None:
    replicas, start = [DeliveryTable(engine, ALL), DeliveryTable(engine, ALL)], threading.Barrier(8)

    def claim_some(number: int) -> list[ClaimAnswer]:
        start.wait()
        found = list[ClaimAnswer]()
        for _ in range(4):
            wanted = [planned(a_key(), anybody(source="office", form="signup")) for _ in range(4)]
            found += (
                replicas[number % 2].claim(wanted, lease_holder=OWNER, now=NOON, lease_until=NOON + AGE_LIMIT).values()
            )
        return found

    with ThreadPoolExecutor(8) as pool:
        answers = [answer for found in pool.map(claim_some, range(8)) for answer in found]
    assert sum(isinstance(answer, Claim) for answer in answers) == 5


def test_no_address_of_a_source_is_kept_and_what_is_held_has_no_owner(engine: Engine) -> None:
    table = DeliveryTable(engine, BY_RECIPIENT)
    for _ in range(CAP.most + 1):
        claim(table, by=Counted("ada", "office", "signup"))
    with engine.connect() as connection:
        rows = connection.execute(deliveries.select().where(deliveries.c.state == "held")).all()
    assert [row.last_error for row in rows] == ["limit recipient"]
    assert all(getattr(rows[0], name) is None for name in ("owner", "lease_until", "recipient_hash", "source_hash"))


def test_what_waited_before_the_caps_were_known_is_still_sent(engine: Engine) -> None:
    table, key = DeliveryTable(engine, BY_RECIPIENT), a_key()
    claimed = claim(table, key)
    assert isinstance(claimed, Claim)
    table.record(claimed, "retrying", now=NOON)
    with engine.begin() as connection:  # as a row of an earlier version is after the migration
        connection.execute(update(deliveries).values(recipient_hash=None, counted_at=None))
    assert isinstance(claim(table, key), Claim)


def test_each_count_is_that_of_an_index(engine: Engine) -> None:
    executed: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *given: executed.append((given[2], given[3])))
    claim(DeliveryTable(engine, ALL), by=anybody())
    [(statement, parameters)] = [one for one in executed if one[0].startswith("INSERT")]
    prefix = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    with engine.connect() as connection:
        plan = str(connection.exec_driver_sql(f"{prefix} {statement}", parameters).all())
    for index in ("deliveries_by_recipient", "deliveries_by_source", "deliveries_by_form"):
        assert index in plan
    assert "SCAN deliveries" not in plan
    assert "Seq Scan on deliveries" not in plan
