"""The claim table on both databases, and the fake that unit tests use for it: one behaviour."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, event, text

from notify_service.channels.planned import Key
from notify_service.deliveries.interface import Deliveries
from notify_service.deliveries.reopening import reopening
from notify_service.deliveries.retries import BUG
from notify_service.deliveries.states import Claim, ClaimAnswer, Leased, Sent, Settled
from notify_service.deliveries.table import DeliveryTable
from notify_service.queries import Confirmations
from notify_service.tables import MIGRATIONS, deliveries
from shared import database
from shared.contracts import Confirmation
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.topology import NOTIFY_EMAIL, NOTIFY_WEBHOOK
from support.confirmations import NOON, FakeDeliveries, a_key, planned
from support.migrating import migrate

LEASE = timedelta(seconds=75)
A, B = uuid4(), uuid4()


class Subject(Deliveries, Confirmations, Protocol):
    """What is tested."""


@pytest.fixture
def engine(notify_database_url: str) -> Iterator[Engine]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield engine
    engine.dispose()


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    if request.param == "fake":
        yield FakeDeliveries()
        return
    engine = database.create(
        request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "notify_postgres_url"}[request.param])
    )
    migrate(engine, MIGRATIONS)
    yield DeliveryTable(engine)
    engine.dispose()


def claim(subject: Subject, key: Key, owner: UUID = A, after_s: float = 0) -> ClaimAnswer:
    now = NOON + timedelta(seconds=after_s)
    return subject.claim([planned(key)], lease_holder=owner, now=now, lease_until=now + LEASE)[key]


def claimed(subject: Subject, key: Key, owner: UUID = A, after_s: float = 0) -> Claim:
    answer = claim(subject, key, owner, after_s)
    assert isinstance(answer, Claim)
    return answer


def test_what_nobody_claimed_is_claimed(subject: Subject) -> None:
    key = a_key()
    assert claim(subject, key) == Claim(key, A, NOON + LEASE, attempts=1)
    assert subject.confirmations(key.submission_id) == [Confirmation("email", "pending", 1, NOON)]


def test_a_running_lease_keeps_others_out(subject: Subject) -> None:
    key = a_key()
    claimed(subject, key)
    assert claim(subject, key, B, after_s=74.9) == Leased(NOON + LEASE)
    assert subject.confirmations(key.submission_id)[0].attempts == 1


def test_a_lease_that_is_over_is_taken_over_and_counted(subject: Subject) -> None:
    key = a_key()
    claimed(subject, key)
    assert claimed(subject, key, B, after_s=75).attempts == 2


def test_the_holder_claims_again_uncounted(subject: Subject) -> None:
    key = a_key()
    claimed(subject, key)
    assert claim(subject, key, A, after_s=30) == Claim(key, A, NOON + timedelta(seconds=30) + LEASE, attempts=1)


@pytest.mark.parametrize("outcome", ["sent", "failed"])
def test_what_is_settled_stays_so(subject: Subject, outcome: str) -> None:
    key = a_key()
    held = claimed(subject, key)
    at = NOON + timedelta(seconds=1)
    expected = Confirmation("email", outcome, 1, at)  # type: ignore[arg-type]
    assert subject.record(held, outcome, now=at, error=None) == expected  # type: ignore[arg-type]
    assert claim(subject, key, B, after_s=10_000) == Settled()
    assert subject.confirmations(key.submission_id) == [expected]


def test_what_waits_for_a_retry_is_claimed_by_anybody_and_counted(subject: Subject) -> None:
    key = a_key()
    assert subject.record(claimed(subject, key), "retrying", now=NOON, error="rcpt 450") == Confirmation(
        "email", "retrying", 1, NOON
    )
    assert claimed(subject, key, B, after_s=30).attempts == 2


def test_what_is_released_was_never_tried(subject: Subject) -> None:
    key = a_key()
    subject.release(claimed(subject, key), now=NOON)
    assert subject.confirmations(key.submission_id) == [Confirmation("email", "pending", 0, NOON)]
    assert claimed(subject, key, B).attempts == 1


@pytest.mark.parametrize("outcome", ["failed", "retrying"])
def test_who_lost_the_lease_can_neither_fail_nor_release_it(subject: Subject, outcome: str) -> None:
    key = a_key()
    lost = claimed(subject, key)
    claimed(subject, key, B, after_s=75)
    assert subject.record(lost, outcome, now=NOON) is None  # type: ignore[arg-type]
    subject.release(lost, now=NOON)
    assert claim(subject, key, uuid4(), after_s=76) == Leased(NOON + timedelta(seconds=75) + LEASE)


def test_what_was_sent_is_recorded_even_by_who_lost_the_lease_and_once(subject: Subject) -> None:
    key = a_key()
    lost = claimed(subject, key)
    later = claimed(subject, key, B, after_s=75)
    recorded = subject.record(lost, "sent", now=NOON)
    assert recorded is not None
    assert recorded.state == "sent"
    assert subject.record(later, "sent", now=NOON) is None
    assert subject.record(later, "failed", now=NOON) is None


def test_two_addresses_of_one_submission_are_two_confirmations(subject: Subject) -> None:
    ada = a_key()
    bob = a_key(ada.submission_id, "bob@example.org")
    subject.record(claimed(subject, ada), "sent", now=NOON)
    claimed(subject, bob)
    assert sorted(one.state for one in subject.confirmations(ada.submission_id)) == ["pending", "sent"]
    assert subject.confirmations(uuid4()) == []


def test_of_many_who_claim_at_once_one_succeeds(engine: Engine) -> None:
    table, other = DeliveryTable(engine), DeliveryTable(engine)
    keys = [a_key() for _ in range(30)]
    start = threading.Barrier(6)

    def claim_all(number: int) -> list[ClaimAnswer]:
        start.wait()
        return [claim((table, other)[number % 2], key, uuid4()) for key in keys]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(claim_all, range(6)))
    for asked in zip(*answers, strict=True):
        assert sorted(type(answer).__name__ for answer in asked) == ["Claim", *["Leased"] * 5]


def test_many_are_claimed_and_recorded_at_once_each_with_its_own_answer(subject: Subject) -> None:
    fresh, sent, leased, retried = keys = [a_key() for _ in range(4)]
    claimed(subject, leased, B)
    subject.record(claimed(subject, sent, B), "sent", now=NOON)
    subject.record(claimed(subject, retried, B), "retrying", now=NOON)
    answers = subject.claim([planned(key) for key in keys], lease_holder=A, now=NOON, lease_until=NOON + LEASE)
    mine = [Claim(fresh, A, NOON + LEASE, 1), Claim(retried, A, NOON + LEASE, 2)]
    assert answers == {fresh: mine[0], sent: Settled(), leased: Leased(NOON + LEASE), retried: mine[1]}
    at = [NOON + timedelta(seconds=1), NOON + timedelta(seconds=2)]
    expected = {fresh: Confirmation("email", "sent", 1, at[0]), retried: Confirmation("email", "sent", 2, at[1])}
    done = [Sent(*one) for one in zip(mine, at, strict=True)]
    assert subject.record_sent(done) == expected
    assert subject.record_sent(done) == {}
    assert [subject.confirmations(key.submission_id) for key in (fresh, retried)] == [
        [one] for one in expected.values()
    ]


def test_workers_that_claim_the_same_ones_in_any_order_share_them(engine: Engine) -> None:
    table, keys = DeliveryTable(engine), [a_key() for _ in range(16)]
    start = threading.Barrier(4)

    def claim_all(number: int) -> Mapping[Key, ClaimAnswer]:
        start.wait()
        mine = keys if number % 2 else keys[::-1]
        return table.claim([planned(key) for key in mine], lease_holder=uuid4(), now=NOON, lease_until=NOON + LEASE)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(claim_all, range(4)))
    for key in keys:
        assert sorted(type(each[key]).__name__ for each in answers) == ["Claim", *["Leased"] * 3]


def test_neither_an_address_nor_more_than_the_class_of_an_error_is_kept(engine: Engine) -> None:
    table, key = DeliveryTable(engine), a_key()
    table.record(claimed(table, key), "failed", now=NOON, error="rcpt 550")
    with engine.connect() as connection:
        [row] = connection.execute(deliveries.select()).all()
    assert row.last_error == "rcpt 550"
    assert "ada@" not in str(row)
    assert "example" not in str(row)


Break = Callable[[], None]


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
def breakable(request: pytest.FixtureRequest) -> Iterator[tuple[Subject, Break, Break]]:
    """A subject, what takes its database away, and what brings it back."""
    if request.param == "fake":
        fake = FakeDeliveries()
        yield fake, lambda: setattr(fake, "away", True), lambda: setattr(fake, "away", False)
        return
    engine = database.create(
        request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "notify_postgres_url"}[request.param])
    )
    migrate(engine, MIGRATIONS)

    def rename(old: str, new: str) -> None:
        with engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))

    yield DeliveryTable(engine), lambda: rename("deliveries", "gone"), lambda: rename("gone", "deliveries")
    engine.dispose()


def test_a_database_that_is_away_is_a_dependency_and_what_was_sent_is_not_forgotten(
    breakable: tuple[Subject, Break, Break],
) -> None:
    subject, take_away, bring_back = breakable
    key = a_key()
    held = claimed(subject, key)
    take_away()
    for call in (
        lambda: claim(subject, a_key()),
        lambda: subject.release(held, now=NOON),
        lambda: subject.record(held, "retrying", now=NOON),
        lambda: subject.record(held, "sent", now=NOON),
        lambda: claim(subject, key, B, after_s=10_000),
        lambda: subject.confirmations(key.submission_id),
    ):
        with pytest.raises(DependencyUnavailable):
            call()
    bring_back()
    assert claim(subject, key, B, after_s=10_000) == Settled(news=Confirmation("email", "sent", 1, NOON))
    assert claim(subject, key, B, after_s=10_001) == Settled()


def test_what_was_sent_is_recorded_before_anything_else_is_claimed(breakable: tuple[Subject, Break, Break]) -> None:
    subject, take_away, bring_back = breakable
    key = a_key()
    held = claimed(subject, key)
    take_away()
    with pytest.raises(DependencyUnavailable):
        subject.record(held, "sent", now=NOON)
    bring_back()
    claimed(subject, a_key())
    assert subject.confirmations(key.submission_id) == [Confirmation("email", "sent", 1, NOON)]


@pytest.mark.parametrize("outcome", ["sent", "failed", "retrying"])
@pytest.mark.parametrize("error", [f"{BUG}ZeroDivisionError", "rcpt 550", "limit recipient"])
def test_a_replay_takes_back_what_a_bug_made_fail_and_nothing_else(engine: Engine, outcome: str, error: str) -> None:
    table, key, other = DeliveryTable(engine), a_key(), a_key()
    for one in (key, other):
        table.record(claimed(table, one), outcome, now=NOON, error=error)  # type: ignore[arg-type]
    before = table.confirmations(key.submission_id)
    reopen, later = reopening(table, lambda: NOON + LEASE), [Confirmation("email", "pending", 1, NOON + LEASE)]
    for _ in range(3):
        reopen(NOTIFY_EMAIL.name, str(key.submission_id))
        reopen(NOTIFY_WEBHOOK.name, str(other.submission_id))
        reopen(NOTIFY_EMAIL.name, "no submission's id")
    is_mended = outcome == "failed" and error.startswith(BUG)
    assert table.confirmations(key.submission_id) == (later if is_mended else before)
    assert table.confirmations(other.submission_id) == before
    if is_mended:
        assert claimed(table, key, B, after_s=100).attempts == 2


def test_what_was_sent_is_looked_up_row_by_row_in_a_table_that_is_not_analysed_yet(notify_postgres_url: str) -> None:
    engine, executed = database.create(notify_postgres_url, by_index=True), list[tuple[str, Any]]()
    migrate(engine, MIGRATIONS)
    event.listen(engine, "before_cursor_execute", lambda *given: executed.append((given[2], given[3])))
    table = DeliveryTable(engine)
    table.record_sent([Sent(claimed(table, a_key()), NOON)])
    [(statement, parameters)] = [
        one for one in executed if "UPDATE deliveries" in one[0] and "INSERT INTO deliveries " not in one[0]
    ]
    with engine.connect() as connection:
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())
    engine.dispose()
    assert "Index Scan using deliveries_asked_once on deliveries" in plan, plan
    assert "Scan using deliveries_pkey on deliveries" in plan, plan
    assert not [way for way in ("Seq Scan on deliveries", "Bitmap", "Hash") if way in plan], plan
