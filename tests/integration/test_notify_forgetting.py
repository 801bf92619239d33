"""What is erased is forgotten in all of notify's tables, and what comes of it later is dropped: on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy import event as sql_events

from counterfoil_ledger.balance import seen_ids
from notify_service.deliveries.caps import Cap, Caps
from notify_service.deliveries.states import Claim, Erased, Sent, Tried
from notify_service.forgetting.erasure_table import AGAIN_FOR, KEPT_FOR
from notify_service.forgetting.parked import RefuseErased
from notify_service.history import recipients
from notify_service.tables import MIGRATIONS, OUTBOX, PARKED, deliveries, delivery_attempts, erased
from notify_service.upkeep.returning import PublishFound
from shared import database
from shared.contracts import DeliveryDue, DeliveryFound, DeliveryRequested, SubmissionAccepted, SubmissionWithheld
from shared.mailboxes import recipient_hash
from shared.messaging.failures import Delivery
from support.confirmations import NOON
from support.forgetting import CANARY, a_parking, an_accepted, kept_everywhere, park, places_of
from support.migrating import migrate
from support.polling import eventually
from support.wishes import Wishes

ERASED_AT = NOON + timedelta(minutes=10)
EVERYWHERE = {
    *("deliveries", "delivery_attempts", "planned_submissions", "open_requests", "verdicts"),
    *("notify_outbox", "notify_parked", "notify_parked_actions"),
}


@pytest.fixture
def engine(notify_database_url: str) -> Iterator[Engine]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield engine
    engine.dispose()


@pytest.fixture
def wishes(engine: Engine) -> Wishes:
    return Wishes(engine)


def later(event: SubmissionAccepted, seconds: float = 61) -> SubmissionAccepted:
    """Return a submission under the same key, accepted so long after the erasure."""
    return replace(event, accepted_at=ERASED_AT + timedelta(seconds=seconds))


def statements_of(engine: Engine) -> list[str]:
    """Return all that a database will be asked, but for what only begins a transaction or takes a lock."""
    asked = list[str]()

    def note(*told: object) -> None:
        statement = str(told[2])
        if not statement.startswith("BEGIN") and "advisory" not in statement:
            asked.append(statement)

    sql_events.listen(engine, "before_cursor_execute", note)
    return asked


def places(wishes: Wishes, event: SubmissionAccepted) -> set[str]:
    ids = [event.id.hex, *(row.id.hex for row in wishes.rows(event))]
    return places_of(wishes.engine, CANARY, *ids)


def test_all_of_it_goes_from_every_table(wishes: Wishes) -> None:
    event = kept_everywhere(wishes)
    ids = [event.id.hex, *(row.id.hex for row in wishes.rows(event))]
    assert places_of(wishes.engine, CANARY, *ids) == EVERYWHERE, "it has to be everywhere first"
    other = kept_everywhere(wishes)
    wishes.erased(event.id, ERASED_AT)
    assert places_of(wishes.engine, *ids) == {"erased"}
    assert places(wishes, other) == EVERYWHERE, "nothing else is forgotten"
    wishes.erased(other.id, ERASED_AT)
    assert places_of(wishes.engine, CANARY) == set()
    assert wishes.met["event"] == 2


def test_news_of_others_in_the_same_message_are_still_told(wishes: Wishes) -> None:
    events = [an_accepted(), an_accepted()]
    for event in events:
        wishes.accepted(event)
    wishes.work_off("failed", "rcpt 550")
    assert len(wishes.told()) == 4
    wishes.erased(events[0].id, ERASED_AT)
    assert {state.submission_id for state in wishes.told()} == {events[1].id}
    with wishes.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(OUTBOX)) == 1


def test_whatever_comes_of_it_later_is_dropped(wishes: Wishes) -> None:
    event = an_accepted()
    wishes.accepted(event)
    waiting = wishes.publish.taken()  # in the queue of their transport, or on a delay level
    wishes.erased(event.id, ERASED_AT)
    wishes.clock.forward(hours=1)
    late = replace(event, accepted_at=ERASED_AT + timedelta(seconds=60))  # a page that posts once more
    for one in (event, late):
        wishes.accepted(one)
        wishes.requested(one, "confirmation")
        wishes.released(one, 7)
    wishes.withheld(event.id, 8)
    assert [wishes.claim(due) for due in waiting] == [Erased()] * len(waiting)
    assert wishes.publish.taken() == []
    assert places(wishes, event) == {"erased"}
    assert wishes.met == {"event": 1, "planning": 2, "request": 2, "verdict": 3}


def test_a_later_submission_under_the_key_is_planned_anew(wishes: Wishes) -> None:
    event = kept_everywhere(wishes)
    waiting = wishes.publish.taken()
    wishes.erased(event.id, ERASED_AT)
    wishes.clock.now = ERASED_AT + timedelta(seconds=62)
    wishes.accepted(later(event))
    new = wishes.publish.taken()
    assert len(new) == 2
    assert [wishes.claim(due) for due in waiting] == [Erased()] * len(waiting), "the older messages stay dropped"
    wishes.publish.due += new
    assert wishes.work_off() == 2
    assert wishes.states(event) == ["confirmation sent", "webhook sent"]


def test_an_erasure_that_comes_late_or_twice_leaves_the_later_submission_alone(wishes: Wishes) -> None:
    event = an_accepted()
    wishes.clock.now = ERASED_AT + timedelta(minutes=5)
    wishes.accepted(later(event))
    wishes.withheld(event.id, 3)
    park(wishes.engine, later(event))
    for _ in range(2):
        wishes.erased(event.id, ERASED_AT)
    wishes.erasures.forget_again(wishes.clock())
    assert wishes.states(event) == ["confirmation cancelled", "webhook cancelled"]
    wishes.released(later(event), 4)
    assert wishes.work_off() == 2
    assert places(wishes, event) >= {"notify_parked", "verdicts", "planned_submissions"}


def test_what_was_planned_late_goes_nevertheless(wishes: Wishes) -> None:
    event = an_accepted()
    wishes.clock.now = ERASED_AT + timedelta(hours=5)  # it was down, and has both to take
    wishes.accepted(event)
    wishes.erased(event.id, ERASED_AT)
    assert wishes.rows(event) == []


def test_of_several_erasures_the_last_counts(wishes: Wishes) -> None:
    event = an_accepted()
    for minutes in (0, 30, 10):
        wishes.erased(event.id, ERASED_AT + timedelta(minutes=minutes))
    wishes.accepted(later(event, seconds=31 * 60 - 1))
    assert wishes.publish.taken() == []
    wishes.accepted(later(event, seconds=31 * 60 + 1))
    assert len(wishes.publish.taken()) == 2


def test_what_is_being_sent_ends_and_nothing_is_recorded_of_it(wishes: Wishes) -> None:
    event = an_accepted()
    wishes.accepted(event)
    sent, failed = (wishes.claim(due) for due in wishes.publish.taken())
    assert isinstance(sent, Claim)
    assert isinstance(failed, Claim)
    wishes.erased(event.id, ERASED_AT)
    tried = Tried(9, f"250 {CANARY}")
    assert wishes.table.record_sent([Sent(sent, wishes.clock(), tried)]) == {}
    assert wishes.table.record(failed, "retrying", now=wishes.clock(), error=CANARY, tried=tried) is None
    wishes.table.release(failed, now=wishes.clock())
    assert places(wishes, event) == {"erased"}


def test_what_was_written_beside_an_erasure_is_forgotten_a_moment_later(wishes: Wishes) -> None:
    """A worker whose statement began before the erasure: it sees no erasure, and writes after it."""
    event, other = an_accepted(), an_accepted()
    wishes.erased(event.id, ERASED_AT)
    for one in (event, other):
        wishes.accepted(replace(one, accepted_at=ERASED_AT + timedelta(days=1)))
        with wishes.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE planned_submissions SET accepted_at = NULL")
            connection.execute(
                delivery_attempts.insert().values(
                    delivery_id=uuid4(), number=1, at=wishes.clock(), took_ms=1, outcome="sent", said=CANARY
                )
            )
    wishes.clock.forward(minutes=1)
    wishes.erasures.forget_again(wishes.clock())
    assert places(wishes, event) - places(wishes, other) == {"erased"}
    assert (wishes.rows(event), len(wishes.rows(other))) == ([], 2)
    with wishes.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(delivery_attempts)) == 0


def test_nothing_is_looked_for_again_once_that_is_over(wishes: Wishes) -> None:
    wishes.erased(uuid4(), ERASED_AT)
    wishes.clock.forward(seconds=AGAIN_FOR.total_seconds() + 1)
    statements = statements_of(wishes.engine)
    wishes.erasures.forget_again(wishes.clock())
    assert len(statements) == 1


def test_what_is_found_again_is_published_only_where_it_is_not_erased(wishes: Wishes) -> None:
    event, other = an_accepted(), an_accepted()
    wishes.erased(event.id, ERASED_AT)
    found = [DeliveryFound(DeliveryDue(uuid4(), "webhook", one)) for one in (event, other, later(event))]
    results = PublishFound(wishes.publish, wishes.erasures.erased_among)([Delivery(one) for one in found])
    assert results == [None, None, None]
    assert [due.submission for due in wishes.publish.taken()] == [other, later(event)]
    assert wishes.met["found"] == 1


@pytest.mark.parametrize("body", [None, b"no JSON", b"[]", b'{"submission":7}', b"[" * 100_000])
def test_what_would_be_parked_of_it_later_is_not_kept(wishes: Wishes, body: bytes | None) -> None:
    event, other = an_accepted(), an_accepted()
    refuse = RefuseErased(wishes.erasures.erased_among)
    wishes.erased(event.id, ERASED_AT)
    assert refuse(a_parking(event, body))
    assert not refuse(a_parking(other, body))


def test_a_parked_copy_is_refused_by_what_it_carries_not_by_its_own_id(wishes: Wishes) -> None:
    event = an_accepted()
    refuse = RefuseErased(wishes.erasures.erased_among)
    wishes.erased(event.id, ERASED_AT)
    for one in (event, later(event)):
        park(wishes.engine, DeliveryDue(uuid4(), "webhook", one), refuse=refuse)
    park(wishes.engine, SubmissionWithheld(event.id, 4), refuse=refuse)
    with wishes.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(PARKED.messages)) == 1


def test_parked_requests_are_read_once_and_before_others_are_kept_from_planning(wishes: Wishes) -> None:
    event = an_accepted()
    wishes.accepted(event)
    for _ in range(20):
        park(wishes.engine, DeliveryRequested(uuid4(), "confirmation", an_accepted(), "ada", NOON))
    park(wishes.engine, DeliveryRequested(uuid4(), "confirmation", event, "ada", NOON))
    statements = statements_of(wishes.engine)
    wishes.erased(event.id, ERASED_AT)
    first_write = next(n for n, one in enumerate(statements) if one.startswith(("INSERT", "DELETE")))
    bodies = [n for n, one in enumerate(statements) if "SELECT notify_parked.body" in one]
    assert len(bodies) == 21
    assert max(bodies) < first_write
    statements.clear()
    wishes.erased(an_accepted().id, ERASED_AT)
    assert not [one for one in statements if "SELECT notify_parked.body" in one]
    with wishes.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(PARKED.messages)) == 20


def test_planning_and_claiming_ask_nothing_more_of_the_database(wishes: Wishes) -> None:
    """The condition stands in statements that run anyway."""
    event = an_accepted()
    wishes.erased(uuid4(), ERASED_AT)
    statements = statements_of(wishes.engine)
    wishes.accepted(event)
    assert len(statements) == 2, "one notes what is planned, one records it"
    statements.clear()
    wishes.claim(wishes.publish.taken()[0])
    assert len(statements) == 1


def test_it_is_forgotten_in_the_end_what_was_erased(wishes: Wishes) -> None:
    wishes.erased(uuid4(), ERASED_AT)
    wishes.clock.forward(days=KEPT_FOR.days)
    kept = uuid4()
    wishes.erased(kept, ERASED_AT)
    wishes.erasures.forget_old(wishes.clock() + timedelta(seconds=1))
    with wishes.engine.connect() as connection:
        assert connection.scalars(select(erased.c.submission_id)).all() == [kept]


def test_whose_mailbox_had_which_submissions_is_answered_page_by_page(engine: Engine) -> None:
    wishes = Wishes(engine, Caps(recipient=Cap(9, timedelta(days=1))))
    events = [replace(an_accepted(), id=uuid4()) for _ in range(5)]
    for one in [*events, replace(an_accepted(), fields={"email": "bob@example.org"})]:
        wishes.accepted(one)
        wishes.work_off()
        wishes.clock.forward(seconds=1)
    ask = recipients.methods(engine)["deliveries_of_recipient"]
    recipient, found, after = recipient_hash(str(events[0].fields["email"]).upper()), list[str](), None
    for expected in (2, 2, 1):
        answer = ask({"recipient": recipient, "limit": 2, "after": after})
        assert len(answer["submissions"]) == expected
        found, after = [*found, *answer["submissions"]], answer["next"]
    assert after is None
    assert found == [str(one.id) for one in events]
    wishes.erased(events[0].id, ERASED_AT)
    assert ask({"recipient": recipient, "limit": 99, "after": None})["submissions"] == found[1:]


@pytest.mark.parametrize(
    ("params", "named"),
    [({"recipient": "ada@example.org"}, "recipient"), ({"after": "x"}, "after"), ({"after": [1]}, "after")],
)
def test_another_recipient_or_place_is_refused(engine: Engine, params: dict[str, object], named: str) -> None:
    ask = recipients.methods(engine)["deliveries_of_recipient"]
    with pytest.raises(ValueError, match=f"^{named}: "):
        ask({"recipient": "0" * 64, "limit": 2, "after": None, **params})


def test_the_balance_expects_nothing_in_storage_of_what_a_hook_is_told_of_an_erasure(wishes: Wishes) -> None:
    event, erasure = an_accepted(), uuid4()
    wishes.accepted(event)
    told = next(row for row in wishes.rows(event) if row.channel == "webhook")
    wishes.set(told.id, submission_id=erasure, channel="hook", destination_hash=f"{uuid4()}:erased")
    assert seen_ids(wishes.engine.url.render_as_string(hide_password=False)) == {event.id}
    wishes.set(told.id, destination_hash=f"{uuid4()}:accepted")
    assert seen_ids(wishes.engine.url.render_as_string(hide_password=False)) == {event.id, erasure}


def test_deliveries_are_locked_in_the_order_in_which_workers_claim_them(notify_postgres_url: str) -> None:
    engine = database.create(notify_postgres_url)
    migrate(engine, MIGRATIONS)
    wishes, event = Wishes(engine), an_accepted()
    wishes.accepted(event)
    last, first = sorted(wishes.rows(event), key=lambda one: str(one.channel))
    for row, mark in ((last, "b"), (first, "a")):  # neither as the rows lie in the table, nor as in its other indexes
        wishes.set(row.id, destination_hash=mark * 64)
    erase = Thread(target=wishes.erased, args=(event.id, ERASED_AT))
    with engine.begin() as worker:
        _lock(worker, first.id)
        erase.start()
        eventually(lambda: _waiting(engine) == 1, 20, "the erasure waits")
        _lock(worker, last.id)
    erase.join(20)
    assert places(wishes, event) == {"erased"}
    engine.dispose()


def _lock(connection: Connection, key: UUID) -> None:
    connection.execute(select(deliveries.c.id).where(deliveries.c.id == key).with_for_update())


def _waiting(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")) or 0
