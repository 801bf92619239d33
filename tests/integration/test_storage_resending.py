"""Sending again: each that failed or is held is requested once, through the outbox, whoever is interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from shared.contracts import Control, Source
from shared.failpoints import Injected
from shared.query import parse
from storage_service.deliveries.resending import AT_ONCE, Count, Resending, Withheld
from storage_service.deliveries.selection import Selection
from storage_service.records import Records
from storage_service.work import Work
from support.events import an_event
from support.resending import TOLD_AT, a_state, later, outgoing, submissions_with, tell, unsettled
from support.submission_databases import migrated, store
from support.working import an_asker

ALL = Selection()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def resending(engine: Engine) -> Resending:
    return Resending(engine, "a test")


def test_a_request_carries_the_submission_as_it_was_accepted(engine: Engine, resending: Resending) -> None:
    event = replace(
        an_event(n=1.0, text="Grüße"),
        source=Source("192.0.2.7", "curl/8"),
        control=Control(reply_to="ada@example.org"),
        receipt_url="https://forms.example.org/receipts/x",
    )
    store(engine, event)
    failed = a_state(event)
    tell(engine, failed)
    assert list(resending.request(ALL)) == [1]
    [request] = outgoing(engine)
    assert request.submission == event
    assert (request.channel, request.delivery_id, request.requested_by) == ("owner", failed.delivery_id, "a test")


def test_each_is_requested_once_however_often_it_is_asked(engine: Engine, resending: Resending) -> None:
    told = submissions_with(engine, 2 * AT_ONCE + 3)
    assert resending.count(ALL).channels == {"owner": len(told)}
    assert list(resending.request(ALL)) == [AT_ONCE, AT_ONCE, 3]
    assert list(resending.request(ALL)) == []
    assert resending.count(ALL).all == 0
    assert sorted(str(one.delivery_id) for one in outgoing(engine)) == sorted(str(one.delivery_id) for one in told)


def test_two_who_ask_at_once_request_each_once(engine: Engine) -> None:
    told = submissions_with(engine, 200)
    with ThreadPoolExecutor(4) as threads:
        done = [sum(each) for each in threads.map(lambda n: list(Resending(engine, f"{n}").request(ALL)), range(4))]
    assert sum(done) == len(told)
    assert {one.delivery_id for one in outgoing(engine)} == {one.delivery_id for one in told}
    assert len(outgoing(engine)) == len(told)


@pytest.mark.parametrize(("point", "left"), [("resend-before-commit", 3), ("resend-after-commit", 0)])
def test_an_end_at_the_commit_leaves_all_or_nothing(engine: Engine, point: str, left: int) -> None:
    submissions_with(engine, 3)

    def end(name: str) -> None:
        if name == point:
            raise Injected(name)

    with pytest.raises(Injected):
        list(Resending(engine, "a test", reach=end).request(ALL))
    assert len(outgoing(engine)) == len(unsettled(engine)) == 3 - left
    assert sum(Resending(engine, "a test").request(ALL)) == left
    assert len({one.delivery_id for one in outgoing(engine)}) == len(outgoing(engine)) == 3


def test_what_failed_again_is_asked_for_again_and_what_was_sent_is_not(engine: Engine, resending: Resending) -> None:
    told = submissions_with(engine, 2)
    assert sum(resending.request(ALL)) == 2
    first, second = outgoing(engine)
    [of_second] = [one for one in told if one.delivery_id == second.delivery_id]
    failed = a_state(first.submission, request=first.id, changed_at=TOLD_AT + timedelta(minutes=1))
    tell(engine, failed, later(of_second, "sent"))
    assert sum(resending.request(ALL)) == 1
    assert outgoing(engine)[-1].delivery_id == failed.delivery_id


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        (Selection(["failed"]), {"old", "owner", "webhook", "signup"}),
        (Selection(["failed"], since=TOLD_AT - timedelta(hours=2)), {"owner", "webhook", "signup"}),
        (Selection(["failed"], channel="webhook"), {"webhook"}),
        (Selection(["failed"], form="signup"), {"signup"}),
        (Selection(["held"]), {"capped"}),
        (Selection(), {"old", "owner", "webhook", "signup", "capped"}),
    ],
)
def test_it_chooses_by_state_age_channel_and_form(engine: Engine, selection: Selection, chosen: set[str]) -> None:
    event = an_event(form="contact")
    store(engine, event)
    tell(
        engine,
        a_state(event, destination_shown="old", changed_at=TOLD_AT - timedelta(hours=3)),
        a_state(event, destination_shown="owner"),
        a_state(event, destination_shown="webhook", channel="webhook"),
        a_state(event, destination_shown="signup", form="signup"),
        a_state(event, "held", destination_shown="capped"),
        a_state(event, "held", destination_shown="spam", reason="spam"),
        a_state(event, "sent", destination_shown="sent"),
        a_state(event, "cancelled", destination_shown="cancelled"),
    )
    assert Resending(engine, "a test").count(selection).all == len(chosen)
    assert sum(Resending(engine, "a test").request(selection)) == len(chosen)


def test_of_some_submissions_it_takes_theirs_alone(engine: Engine, resending: Resending) -> None:
    told = submissions_with(engine, 3)
    assert sum(resending.request(Selection(submissions=[told[1].submission_id]))) == 1
    assert outgoing(engine)[0].submission.id == told[1].submission_id


def test_what_is_not_stored_here_is_counted_apart(engine: Engine, resending: Resending) -> None:
    submissions_with(engine, 1)
    elsewhere = a_state(an_event())
    tell(engine, elsewhere)
    counted = resending.count(ALL)
    assert (counted.all, counted.unstored) == (1, 1)
    assert sum(resending.request(ALL)) == 1
    assert resending.unknown([elsewhere.submission_id]) == [elsewhere.submission_id]


def test_a_channel_is_requested_whatever_became_of_it_and_once_at_a_time(engine: Engine, resending: Resending) -> None:
    event = an_event()
    store(engine, event)
    assert resending.request_channel(event.id, "owner")
    assert not resending.request_channel(event.id, "owner"), "nothing has come of it yet"
    assert resending.request_channel(event.id, "webhook")
    [first, second] = outgoing(engine)
    assert (first.channel, first.delivery_id, second.channel) == ("owner", None, "webhook")
    tell(engine, a_state(event, "sent", request=first.id))
    assert resending.request_channel(event.id, "owner")
    assert len(outgoing(engine)) == 3


def test_a_request_that_got_lost_can_be_asked_for_anew_after_a_week(engine: Engine) -> None:
    """Else what failed could never be sent again: who discards a parked request, or loses a broker, loses no mail."""
    [told] = submissions_with(engine, 1)
    days = [0.0]
    resending = Resending(engine, "a test", clock=lambda: TOLD_AT + timedelta(days=days[0]))
    assert sum(resending.request(ALL)) == 1
    days[0] = 6.9
    assert sum(resending.request(ALL)) == 0
    assert not resending.request_channel(told.submission_id, "owner")
    days[0] = 7.1
    assert resending.count(ALL).all == 1
    assert sum(resending.request(ALL)) == 1
    assert not resending.request_channel(told.submission_id, "owner"), "the second one is open"
    tell(engine, a_state(outgoing(engine)[-1].submission, "sent", request=outgoing(engine)[-1].id))
    days[0] = 30
    assert sum(resending.request(ALL)) == 0, "it was sent: what failed first is done with"
    assert resending.request_channel(told.submission_id, "owner")


def test_what_a_person_called_spam_is_requested_by_nobody(engine: Engine, resending: Resending) -> None:
    spam, good = submissions_with(engine, 2)
    work = Work(engine)
    work.spam(spam.submission_id, an_asker())
    assert resending.count(ALL) == Count({"owner": 1}, withheld=1)
    assert sum(resending.request(ALL)) == 1
    assert [one.delivery_id for one in outgoing(engine)] == [good.delivery_id]
    assert resending.withheld([spam.submission_id, good.submission_id]) == [spam.submission_id]
    with pytest.raises(Withheld):
        resending.request_channel(spam.submission_id, "owner")
    work.not_spam(spam.submission_id, an_asker())
    assert sum(resending.request(ALL)) == 1
    assert resending.request_channel(spam.submission_id, "webhook")


def test_what_a_trap_caught_is_sent_to_whoever_asks_for_it(engine: Engine, resending: Resending) -> None:
    event = replace(an_event(), spam="honeypot")
    store(engine, event)
    assert resending.request_channel(event.id, "owner")


def test_a_query_finds_no_failure_that_was_sent_again(engine: Engine, resending: Resending) -> None:
    told = submissions_with(engine, 2)

    def failed() -> int:
        return Records(engine).count(parse("is:failed"), None).n

    assert sum(resending.request(Selection(submissions=[told[0].submission_id]))) == 1
    [request] = outgoing(engine)
    assert failed() == 2, "nothing has come of it yet"
    tell(engine, a_state(request.submission, request=request.id))
    assert failed() == 2, "it failed again"
    assert sum(resending.request(Selection(submissions=[told[0].submission_id]))) == 1
    again = outgoing(engine)[-1]
    tell(engine, a_state(again.submission, "sent", request=again.id))
    assert failed() == 1, "it was sent"
