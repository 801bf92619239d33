"""The button in a mail: a press confirms a submission once, is kept with it, and releases what was held."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, select

from shared.contracts import (
    ERASED_GRACE,
    Control,
    DeliveryRequested,
    OptedIn,
    SubmissionAccepted,
    SubmissionReleased,
    SubmissionWithheld,
    fingerprint,
)
from shared.database import iso
from shared.failpoints import Injected
from shared.links.opt_in import LINK_GOOD_FOR
from shared.messaging.failures import Delivery, PermanentFailure, RetryLater
from shared.query import parse
from storage_service.deliveries.resending import Resending, Unconfirmed
from storage_service.deliveries.selection import Selection
from storage_service.erasing import Erasing
from storage_service.opt_in.again import AGAIN_MOST, OptInAgain
from storage_service.opt_in.confirming import WAITS_MOST
from storage_service.queries import SubmissionQueries
from storage_service.records import Counting, Records
from storage_service.store.handler import StoreSubmissions
from storage_service.store.repository import SubmissionRepository
from storage_service.tables import delivery_requests, submissions
from storage_service.work import Change, Work
from storage_service.work.trail import Step
from support.erasures import ERASER
from support.events import WRITTEN_AT, an_event
from support.opt_ins import PRESSED_AT, RECORDED_AT, Presses, a_press, in_outbox, waiting
from support.resending import a_state, tell
from support.submission_databases import migrated, store
from support.working import WORKED_AT, an_asker, record_of, verdicts

ADA = an_asker()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def event(engine: Engine) -> SubmissionAccepted:
    made = waiting()
    store(engine, made)
    return made


@pytest.fixture
def presses(engine: Engine) -> Presses:
    return Presses(engine)


def take(engine: Engine, *events: SubmissionAccepted) -> None:
    handler = StoreSubmissions(
        SubmissionRepository(engine), announce=lambda _: None, clock=lambda: WORKED_AT, reach=lambda _: None
    )
    handler([Delivery(one) for one in events])


def test_a_press_confirms_it_and_is_kept_as_a_proof(
    engine: Engine, event: SubmissionAccepted, presses: Presses
) -> None:
    assert record_of(engine, event.id).opt_in_state == "waiting"
    assert presses.take(a_press(event)) == [None]
    record = record_of(engine, event.id)
    assert (record.opt_in_state, record.opted_in_at, record.version) == ("confirmed", PRESSED_AT, 2)
    assert record.opt_in_proof == {
        "at": iso(PRESSED_AT),
        "ip": "192.0.2.9",
        "user_agent": "Firefox",
        "recipient": a_press(event).recipient,
        "link_expires_at": iso(WRITTEN_AT + LINK_GOOD_FOR),
        "recorded_at": iso(RECORDED_AT),
    }
    assert Work(engine).trail(event.id) == [Step(RECORDED_AT, "visitor", {"opted_in": True}, 2)]
    assert verdicts(engine) == [SubmissionReleased(2, replace(event, opt_in=False), by_hand=False)]
    assert presses.announced == [OptedIn(event.id, PRESSED_AT)]


def test_the_first_press_counts_whatever_comes_after_it(
    engine: Engine, event: SubmissionAccepted, presses: Presses
) -> None:
    later = a_press(event, at=PRESSED_AT + timedelta(hours=1))
    presses.take(a_press(event), later)
    presses.take(later, a_press(event))
    record = record_of(engine, event.id)
    assert (record.opted_in_at, record.version, len(verdicts(engine))) == (PRESSED_AT, 2, 1)
    assert presses.outcomes == ["confirmed", "repeated", "repeated", "repeated"]
    assert presses.announced == [OptedIn(event.id, PRESSED_AT)] * 2, "whoever confirmed it may have died before"


def test_presses_of_two_processes_confirm_it_once(engine: Engine) -> None:
    events = [waiting(id=uuid4()) for _ in range(10)]
    store(engine, *events)
    takers = [Presses(engine) for _ in range(4)]
    orders = [events, events[::-1], events[5:] + events[:5], events]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: one[0].take(*map(a_press, one[1])), zip(takers, orders, strict=True)))
    assert sorted(one.id for one in verdicts(engine)) == sorted(one.id for one in events)
    assert sum(one.outcomes.count("confirmed") for one in takers) == len(events)


@pytest.mark.parametrize(("attempt", "after_s"), [(0, 30), (1, 120), (3, 1800), (5, 21600), (WAITS_MOST - 1, 21600)])
def test_one_that_comes_before_its_submission_waits(
    engine: Engine, presses: Presses, attempt: int, after_s: float
) -> None:
    event = waiting()
    [result] = presses.take(a_press(event), attempt=attempt)
    assert isinstance(result, RetryLater)
    assert result.after_s == after_s
    store(engine, event)
    assert presses.take(a_press(event), attempt=attempt + 1) == [None]
    assert record_of(engine, event.id).opt_in_state == "confirmed"


def test_one_whose_submission_never_comes_is_parked(presses: Presses, event: SubmissionAccepted) -> None:
    lost, found = presses.take(a_press(waiting(id=uuid4())), a_press(event), attempt=WAITS_MOST)
    assert isinstance(lost, PermanentFailure)
    assert found is None


def test_what_is_erased_is_not_confirmed(engine: Engine, event: SubmissionAccepted, presses: Presses) -> None:
    Erasing(engine).erase([event.id], ERASER)
    assert presses.take(a_press(event)) == [None]
    assert (presses.outcomes, presses.announced, verdicts_of_releases(engine)) == (["gone"], [], [])
    with engine.connect() as connection:
        row = connection.execute(select(submissions)).one()
    assert (row.opt_in, row.opted_in_at, row.opt_in_proof) == (None, None, None)


def test_erasing_takes_the_proof_along(engine: Engine, event: SubmissionAccepted, presses: Presses) -> None:
    presses.take(a_press(event))
    Erasing(engine).erase([event.id], ERASER)
    with engine.connect() as connection:
        row = connection.execute(select(submissions)).one()
    assert (row.opt_in, row.opted_in_at, row.opt_in_proof) == (None, None, None)
    assert verdicts_of_releases(engine) == [], "what was not told yet goes, too"


def test_what_is_made_anonymous_has_no_proof_and_is_confirmed_no_more(
    engine: Engine, event: SubmissionAccepted, presses: Presses
) -> None:
    other = waiting(id=uuid4())
    store(engine, other)
    presses.take(a_press(event))
    with engine.begin() as connection:
        assert Erasing(engine).anonymise_within(connection, [event.id, other.id], {}, ERASER) == 2
    record = record_of(engine, event.id)
    assert (record.opt_in_state, record.opted_in_at, record.opt_in_proof) == ("confirmed", PRESSED_AT, None)
    assert presses.take(a_press(other)) == [None]
    assert presses.outcomes == ["confirmed", "gone"]
    assert record_of(engine, other.id).opt_in_state == "waiting"


def test_a_new_submission_under_an_erased_id_waits_for_its_own_press(
    engine: Engine, event: SubmissionAccepted, presses: Presses
) -> None:
    presses.take(a_press(event))
    Erasing(engine, clock=lambda: RECORDED_AT).erase([event.id], ERASER)
    again = replace(event, accepted_at=RECORDED_AT + ERASED_GRACE * 2)
    early, old = presses.take(a_press(again), a_press(event))
    assert isinstance(early, RetryLater)
    assert old is None
    take(engine, again)
    record = record_of(engine, event.id)
    assert (record.opt_in_state, record.opted_in_at, record.opt_in_proof) == ("waiting", None, None)
    presses.take(a_press(event))
    assert record_of(engine, event.id).opt_in_state == "waiting", "that link was of what is erased"
    presses.take(a_press(again))
    assert record_of(engine, event.id).opt_in_state == "confirmed"


def test_of_one_id_with_two_addresses_each_press_confirms_its_own_alone(
    engine: Engine, event: SubmissionAccepted, presses: Presses
) -> None:
    fields = {"email": "grace@example.org"}
    take(engine, replace(event, fields=fields, fingerprint=fingerprint(fields)))
    assert presses.take(a_press(event, address="grace@example.org")) == [None]
    assert record_of(engine, event.id).opt_in_state == "waiting"
    presses.take(a_press(event, address="ada+news@example.org"))
    assert record_of(engine, event.id).opt_in_state == "waiting", "who has that one may be somebody else"
    presses.take(a_press(event, address="Ada@Example.org"))
    assert record_of(engine, event.id).opt_in_state == "confirmed"
    assert presses.outcomes == ["another", "another", "confirmed"]


def test_a_press_by_a_link_of_another_form_or_of_what_was_imported_is_none(engine: Engine, presses: Presses) -> None:
    here, imported = waiting(), replace(an_event(), id=uuid4())
    store(engine, here)
    with SubmissionRepository(engine).transaction() as rows:
        rows.insert_imported([imported], at=WORKED_AT)
    presses.take(replace(a_press(here), form="other"), a_press(imported))
    assert presses.outcomes == ["another", "another"]
    assert verdicts(engine) == []


def test_one_that_was_stored_without_a_wish_is_confirmed_too(engine: Engine, presses: Presses) -> None:
    """A gateway that knew the form's new key took it as well: notify holds it, and a mail with a button has gone."""
    plain = an_event()
    store(engine, plain)
    presses.take(a_press(plain))
    assert record_of(engine, plain.id).opt_in_state == "confirmed"
    assert verdicts(engine) == [SubmissionReleased(2, plain, by_hand=False)]


def test_of_spam_the_press_is_kept_and_nothing_is_sent(engine: Engine, presses: Presses) -> None:
    spam = waiting(spam="score")
    store(engine, spam)
    presses.take(a_press(spam))
    assert (record_of(engine, spam.id).opt_in_state, verdicts(engine)) == ("confirmed", [])
    assert presses.announced == [OptedIn(spam.id, PRESSED_AT)], "whoever submitted must not learn of it"
    Work(engine).not_spam(spam.id, ADA)
    assert verdicts(engine) == [SubmissionReleased(3, replace(spam, spam=None, opt_in=False))]


def test_spam_that_waits_is_released_to_its_mail_alone(engine: Engine, presses: Presses) -> None:
    spam = waiting(spam="owner")
    store(engine, spam)
    Work(engine).not_spam(spam.id, ADA)
    presses.take(a_press(spam))
    good = replace(spam, spam=None)
    assert verdicts(engine) == [
        SubmissionReleased(2, good),
        SubmissionReleased(3, replace(good, opt_in=False), by_hand=False),
    ]


def test_marked_as_spam_between_mail_and_button(engine: Engine, event: SubmissionAccepted, presses: Presses) -> None:
    Work(engine).spam(event.id, ADA)
    presses.take(a_press(event))
    Work(engine).not_spam(event.id, ADA)
    released = SubmissionReleased(4, replace(event, opt_in=False))
    assert verdicts(engine) == [SubmissionWithheld(event.id, 2), released]


@pytest.mark.parametrize("is_pressed_before", [True, False])
def test_good_wins_also_where_the_button_came_first(engine: Engine, presses: Presses, is_pressed_before: bool) -> None:
    good = waiting()
    take(engine, replace(good, spam="score"))
    if is_pressed_before:
        presses.take(a_press(good))
    take(engine, good)
    version = 3 if is_pressed_before else 2
    told = [SubmissionReleased(version, replace(good, opt_in=not is_pressed_before), by_hand=False)]
    assert verdicts(engine) == told
    presses.take(a_press(good))
    last = SubmissionReleased(3, replace(good, opt_in=False), by_hand=False)
    assert verdicts(engine) == (told if is_pressed_before else [*told, last])


def test_a_good_event_that_asks_counts_where_the_first_did_not(engine: Engine) -> None:
    good = waiting()
    take(engine, replace(good, spam="score", opt_in=False))
    take(engine, good)
    assert record_of(engine, good.id).opt_in_state == "waiting"
    assert verdicts(engine) == [SubmissionReleased(2, good, by_hand=False)]


@pytest.mark.parametrize(("point", "version"), [("opt-in-before-commit", 1), ("opt-in-after-commit", 2)])
def test_whatever_it_dies_at_the_next_one_ends_it(
    engine: Engine, event: SubmissionAccepted, presses: Presses, point: str, version: int
) -> None:
    def die(name: str) -> None:
        if name == point:
            raise Injected(name)

    with pytest.raises(Injected):
        Presses(engine, reach=die).take(a_press(event))
    assert record_of(engine, event.id).version == version
    presses.take(a_press(event))
    assert (record_of(engine, event.id).version, len(verdicts(engine))) == (2, 1)
    assert presses.announced == [OptedIn(event.id, PRESSED_AT)]


def verdicts_of_releases(engine: Engine) -> list[object]:
    return [one for one in in_outbox(engine, SubmissionReleased) if isinstance(one, SubmissionReleased)]


# the receipt, and the mail again


def receipt(engine: Engine, event: SubmissionAccepted, after: timedelta = timedelta()) -> tuple[object, object]:
    told = SubmissionQueries(engine, clock=lambda: event.accepted_at + after).receipt({"id": str(event.id)})
    return told["opt_in"], told["opted_in_at"]


def test_a_receipt_says_how_far_it_has_come(engine: Engine, event: SubmissionAccepted, presses: Presses) -> None:
    plain = replace(an_event(), id=uuid4())
    store(engine, plain)
    assert receipt(engine, plain) == receipt(engine, waiting(id=uuid4())) == (None, None)
    assert receipt(engine, event, LINK_GOOD_FOR - timedelta(seconds=1)) == ("waiting", None)
    assert receipt(engine, event, LINK_GOOD_FOR) == ("expired", None)
    day = timedelta(days=8)
    again = OptInAgain(engine, clock=lambda: event.accepted_at + day)
    assert again.again({"id": str(event.id), "key": "1"}) == {"sent": 1, "left": 2}
    assert receipt(engine, event, day + LINK_GOOD_FOR - timedelta(seconds=1)) == ("waiting", None)
    assert receipt(engine, event, day + LINK_GOOD_FOR) == ("expired", None)
    presses.take(a_press(event))
    assert receipt(engine, event, day * 3) == ("confirmed", iso(PRESSED_AT))
    Erasing(engine).erase([event.id], ERASER)
    assert receipt(engine, event) == (None, None)


def test_the_mail_is_sent_again_three_times_at_most(
    engine: Engine, event: SubmissionAccepted, presses: Presses
) -> None:
    again = OptInAgain(engine, clock=lambda: WORKED_AT)

    def ask(key: str) -> object:
        return again.again({"id": str(event.id), "key": key})

    assert [ask("a"), ask("a"), ask("b")] == [{"sent": 1, "left": 2}] * 2 + [{"sent": 2, "left": 1}]
    assert [ask("c"), ask("d"), ask("a")] == [{"sent": 3, "left": 0}, {"refused": "limit"}, {"sent": 3, "left": 0}]
    asked = in_outbox(engine)
    assert [(one.channel, one.requested_by, one.submission) for one in asked if isinstance(one, DeliveryRequested)] == [
        ("confirmation", "visitor", event)
    ] * AGAIN_MOST
    steps = [(step.by, step.changes) for step in Work(engine).trail(event.id)]
    assert steps == [("visitor", {"resend": "confirmation"})] * AGAIN_MOST
    presses.take(a_press(event))
    assert ask("e") == {"refused": "confirmed"}


def test_what_many_ask_at_once_is_counted_in_one_transaction(engine: Engine, event: SubmissionAccepted) -> None:
    again = OptInAgain(engine)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: again.again({"id": str(event.id), "key": str(n)}), range(8)))
    assert sorted(one["sent"] for one in answers if "sent" in one) == [1, 2, 3]
    assert answers.count({"refused": "limit"}) == 5
    assert len(in_outbox(engine)) == AGAIN_MOST


def test_of_spam_no_mail_is_sent_and_nobody_can_tell(engine: Engine) -> None:
    spam = waiting(spam="score")
    store(engine, spam)
    again = OptInAgain(engine)
    answers = [again.again({"id": str(spam.id), "key": str(n)}) for n in range(4)]
    assert answers == [{"sent": n + 1, "left": 2 - n} for n in range(3)] + [{"refused": "limit"}]
    assert in_outbox(engine) == []


def test_what_does_not_wait_is_not_sent_again(engine: Engine, event: SubmissionAccepted) -> None:
    plain = replace(an_event(), id=uuid4())
    store(engine, plain)
    again = OptInAgain(engine)
    for key in (plain.id, uuid4()):
        assert again.again({"id": str(key), "key": "a"}) == {"refused": "unknown"}
    Erasing(engine).erase([event.id], ERASER)
    assert again.again({"id": str(event.id), "key": "a"}) == {"refused": "unknown"}
    for bad in ("", "a" * 201):
        with pytest.raises(ValueError, match="key"):
            again.again({"id": str(plain.id), "key": bad})
    with engine.connect() as connection:
        assert connection.execute(select(delivery_requests)).all() == []


# what people ask for


def test_nothing_but_its_mail_is_sent_before(engine: Engine, event: SubmissionAccepted, presses: Presses) -> None:
    work, resending = Work(engine), Resending(engine, "ada")
    for channel in ("owner", "webhook", None):
        with pytest.raises(Unconfirmed):
            work.resend(event.id, channel, ADA)
    with pytest.raises(Unconfirmed):
        resending.request_channel(event.id, "owner")
    assert (resending.unconfirmed([event.id, uuid4()]), in_outbox(engine)) == ([event.id], [])
    assert work.resend(event.id, "confirmation", ADA) == 1
    [asked] = in_outbox(engine)
    assert isinstance(asked, DeliveryRequested)
    assert asked.submission == event, "the mail is the one with the button"
    presses.take(a_press(event))
    assert work.resend(event.id, "owner", ADA) == 1
    assert [one.submission.opt_in for one in in_outbox(engine) if isinstance(one, DeliveryRequested)] == [True, False]


def test_of_many_those_that_wait_are_passed_by(engine: Engine, event: SubmissionAccepted, presses: Presses) -> None:
    other = waiting(id=uuid4())
    store(engine, other)
    presses.take(a_press(other))
    for one in (event, other):
        tell(engine, a_state(one, channel="confirmation"), a_state(one))
    resending = Resending(engine, "ada")
    count = resending.count(Selection(["failed"]))
    assert (count.channels, count.unconfirmed, count.withheld) == ({"confirmation": 2, "owner": 1}, 1, 0)
    assert sum(resending.request(Selection(["failed"]))) == 3
    asked = [one for one in in_outbox(engine) if isinstance(one, DeliveryRequested)]
    assert {(one.submission.id, one.channel, one.submission.opt_in) for one in asked} == {
        (event.id, "confirmation", True),
        (other.id, "confirmation", False),
        (other.id, "owner", False),
    }


def test_they_are_found_and_counted(engine: Engine, event: SubmissionAccepted, presses: Presses) -> None:
    confirmed, spam, plain = waiting(id=uuid4()), waiting(id=uuid4(), spam="owner"), replace(an_event(), id=uuid4())
    store(engine, confirmed, spam, plain)
    presses.take(a_press(confirmed))

    def found(text: str) -> set[object]:
        return {one.id for one in Records(engine).page(parse(text), forms=None, limit=10).rows}

    assert found("is:unconfirmed") == {event.id, spam.id}
    assert found("is:unconfirmed -is:spam") == {event.id}
    assert found("-is:unconfirmed") == {confirmed.id, plain.id}
    assert found("-(is:unconfirmed (form:signup))") == {confirmed.id, plain.id}
    assert found("form:signup -is:spam -is:unconfirmed") == {confirmed.id, plain.id}
    Work(engine).change(event.id, Change(state="done"), ADA)
    counts = Counting(engine).by_form(None)["signup"]
    assert (counts.all, counts.new, counts.spam, counts.unconfirmed, counts.new_unconfirmed) == (3, 2, 1, 1, 0)


def test_the_control_field_counts_for_the_address(engine: Engine, presses: Presses) -> None:
    event = waiting(control=Control(reply_to="grace@example.org"))
    store(engine, event)
    presses.take(a_press(event, address="ada@example.org"), a_press(event))
    assert presses.outcomes == ["another", "confirmed"]
