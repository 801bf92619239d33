"""What is planned is recorded once, and is claimed as what was never planned is: on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, select, update

from notify_service.channels.counting import Counted
from notify_service.channels.planned import Key, Planned
from notify_service.deliveries.caps import Cap, Caps
from notify_service.deliveries.plan_table import PlanTable, Submission
from notify_service.deliveries.states import Claim, ClaimAnswer, Held, NotYet, Outcome, Settled
from notify_service.deliveries.table import DeliveryTable
from notify_service.tables import MIGRATIONS, deliveries
from shared import database
from shared.contracts import Confirmation
from shared.forms.webhook import OWNER
from support.confirmations import NOON, a_key, planned
from support.migrating import migrate

CAPS = Caps(recipient=Cap(2, timedelta(days=1)))


@pytest.fixture
def engine(notify_database_url: str) -> Iterator[Engine]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield engine
    engine.dispose()


def submission(fingerprint: str = "f", submission_id: UUID | None = None, address: str = "ada") -> Submission:
    key = a_key(submission_id, f"{address}@example.org")
    mail = replace(planned(key, Counted(address)), form="signup", shown="a…@example.org")
    return Submission(key.submission_id, fingerprint, [mail, planned(Key(key.submission_id, "webhook", OWNER))])


def claim(table: DeliveryTable, one: Planned, *, after: timedelta = timedelta()) -> ClaimAnswer:
    at = NOON + after
    return table.claim([one], lease_holder=uuid4(), now=at, lease_until=at + timedelta(minutes=1))[one.key]


def test_what_a_submission_asks_for_is_pending_and_a_message_is_due_for_each(engine: Engine) -> None:
    one, two = submission(), submission()
    assert PlanTable(engine).record([one, two], NOON) == {planned.key for planned in (*one.asked, *two.asked)}
    with engine.connect() as connection:
        rows = connection.execute(select(deliveries).where(deliveries.c.submission_id == one.id)).all()
    mail, webhook = sorted(rows, key=lambda row: str(row.channel))
    assert (mail.id, webhook.id) == (one.asked[0].key.id, one.asked[1].key.id)
    assert (mail.state, mail.attempts, mail.due_at, mail.form, mail.destination_shown) == (
        *("pending", 0, NOON, "signup"),
        "a…@example.org",
    )
    assert (mail.recipient_hash, mail.counted_at, mail.owner) == (None, None, None), "it counts once it is claimed"


def test_the_same_submission_is_planned_once_and_published_again_until_it_is_settled(engine: Engine) -> None:
    plans, table, one = PlanTable(engine), DeliveryTable(engine), submission()
    mail, webhook = one.asked
    both = {mail.key, webhook.key}
    assert plans.record([one, one], NOON) == both
    assert plans.record([one], NOON) == both, "its messages may never have been published"
    first = claim(table, mail)
    assert isinstance(first, Claim)
    assert plans.record([one], NOON) == both
    table.record(first, "retrying", now=NOON, error="rcpt 450", next_attempt_at=NOON)
    assert plans.record([one], NOON) == both
    again = claim(table, mail)
    assert isinstance(again, Claim)
    table.record(again, "sent", now=NOON)
    assert plans.record([one], NOON) == {webhook.key}
    later = replace(one, asked=[*one.asked, planned(Key(one.id, "webhook", "another"))])
    assert plans.record([later], NOON) == {webhook.key}, "its form has more by now, and it had not"
    assert plans.record([replace(one, asked=[])], NOON) == {webhook.key}, "its form has less by now"
    assert plans.record([replace(one, asked=[mail])], NOON) == {webhook.key}


def test_what_asks_for_nothing_is_not_noted(engine: Engine) -> None:
    plans, one = PlanTable(engine), submission()
    assert plans.record([replace(one, asked=[])], NOON) == set()
    assert plans.record([one, replace(submission("g", one.id), asked=[])], NOON) == {each.key for each in one.asked}
    assert plans.record([replace(submission("g", one.id), asked=[])], NOON) == set(), "what is pending is another's"


def test_a_submission_is_unfinished_until_all_of_it_is_sent_has_failed_or_is_held(engine: Engine) -> None:
    plans, table, many = PlanTable(engine), DeliveryTable(engine, CAPS), [submission() for _ in range(3)]
    ids = {one.id for one in many}
    plans.record(many, NOON)
    assert plans.unfinished(ids) == ids
    claims = {planned.key: claim(table, planned) for one in many for planned in one.asked}
    assert isinstance(claims[many[2].asked[0].key], Held)
    assert plans.unfinished(ids) == ids, "they are being sent"
    for key, claimed in claims.items():
        if isinstance(claimed, Claim):
            outcome: Outcome = "retrying" if key == many[0].asked[1].key else "failed"
            table.record(claimed, outcome, now=NOON, error="why", next_attempt_at=NOON)
    assert plans.unfinished(ids) == {many[0].id}
    assert plans.unfinished({many[1].id}) == plans.unfinished(set()) == set()


def test_another_body_under_the_same_id_adds_what_is_its_own(engine: Engine) -> None:
    plans, one = PlanTable(engine), submission()
    other = submission("g", one.id, "grace")
    plans.record([one], NOON)
    assert plans.record([other], NOON) == {other.asked[0].key}


def test_planners_that_meet_the_same_submissions_at_once_plan_each_once(engine: Engine) -> None:
    many, start = [submission() for _ in range(20)], threading.Barrier(4)

    def plan(number: int) -> int:
        start.wait()
        PlanTable(engine).record(many if number % 2 else many[::-1], NOON)
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(plan, range(4))) == 4
    with engine.connect() as connection:
        assert len(connection.execute(select(deliveries.c.id)).all()) == 40


def test_what_is_planned_is_counted_by_its_first_claim_and_held_beyond_a_cap(engine: Engine) -> None:
    plans, table, many = PlanTable(engine), DeliveryTable(engine, CAPS), [submission() for _ in range(3)]
    plans.record(many, NOON)
    answers = [claim(table, one.asked[0]) for one in many]
    assert [type(answer) for answer in answers] == [Claim, Claim, Held]
    assert table.confirmations(many[2].id)[0] == Confirmation("email", "held", 0, NOON, "recipient")
    assert isinstance(claim(table, many[2].asked[0], after=timedelta(hours=25)), Claim)
    assert all(isinstance(claim(table, one.asked[1]), Claim) for one in many), "no cap counts a webhook"


def test_what_comes_before_its_time_is_not_claimed(engine: Engine) -> None:
    table, one = DeliveryTable(engine), planned(a_key())
    first = claim(table, one)
    assert isinstance(first, Claim)
    until = NOON + timedelta(seconds=24)
    table.record(first, "retrying", now=NOON, error="rcpt 450", next_attempt_at=until)
    assert claim(table, one, after=timedelta(seconds=23)) == NotYet(until)
    second = claim(table, one, after=timedelta(seconds=24))
    assert isinstance(second, Claim)
    assert second.attempts == 2
    table.record(second, "sent", now=NOON)
    assert claim(table, one) == Settled()


def test_a_delivery_that_failed_by_a_bug_is_reopened_by_its_id_alone(engine: Engine) -> None:
    table, one = DeliveryTable(engine), submission()
    for each in one.asked:
        claimed = claim(table, each)
        assert isinstance(claimed, Claim)
        table.record(claimed, "failed", now=NOON, error="unexpected ZeroDivisionError")
    assert list(table.unsettled(one.id)) == []
    table.reopen_delivery(one.asked[1].key.id, now=NOON)
    assert {shown.channel: shown.state for shown in table.confirmations(one.id)} == {
        "email": "failed",
        "webhook": "pending",
    }
    assert list(table.unsettled(one.id)) == [one.asked[1].key.id]


def test_a_row_of_an_earlier_version_gets_the_id_that_messages_carry(engine: Engine) -> None:
    table, one = DeliveryTable(engine), planned(a_key())
    first = claim(table, one)
    assert isinstance(first, Claim)
    table.record(first, "retrying", now=NOON)
    with engine.begin() as connection:  # as the migration gave it one
        connection.execute(update(deliveries).values(id=uuid4()))
    assert isinstance(claim(table, one), Claim)
    assert list(table.unsettled(one.key.submission_id)) == [one.key.id]
