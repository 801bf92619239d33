"""Requests to send again that meet a verdict, another request, or a form with other recipients by now."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from notify_service.deliveries.states import NO_LONGER_WANTED, WITHHELD, Claim
from notify_service.tables import MIGRATIONS
from shared import database
from shared.contracts import DeliveryRequested, SubmissionAccepted
from shared.forms import Owner
from shared.messaging.failures import Delivery
from support.confirmations import NOON
from support.events import an_event
from support.migrating import migrate
from support.owner_mails import an_owner_channel
from support.wishes import Wishes

A, B, C = "a@example.org", "b@example.org", "c@example.org"


@pytest.fixture
def engine(notify_database_url: str) -> Iterator[Engine]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield engine
    engine.dispose()


@pytest.fixture
def wishes(engine: Engine) -> Wishes:
    return with_owners(Wishes(engine), A, B)


@pytest.fixture
def event() -> SubmissionAccepted:
    return replace(an_event(), accepted_at=NOON)


def with_owners(wishes: Wishes, *addresses: str) -> Wishes:
    """Let the form have these owners."""
    wishes.channels["owner"] = an_owner_channel(clock=wishes.clock)
    wishes.forms["signup"] = replace(wishes.forms["signup"], owner=Owner(to=addresses))
    return wishes


def answered(wishes: Wishes) -> dict[UUID, str]:
    """Return the requests that storage is told an end of, each with what that is."""
    return {one.request: one.state for one in wishes.told() if one.state != "pending"}


def failed(wishes: Wishes, event: SubmissionAccepted, channel: str) -> list[UUID]:
    """Let all of a submission fail, and return the deliveries of a channel, in the order of their addresses."""
    wishes.accepted(event)
    wishes.work_off("failed", "rcpt 550")
    wishes.told()
    wishes.clock.forward(minutes=1)
    return [row.id for row in sorted(wishes.rows(event, channel), key=lambda row: row.destination_shown)]


def test_what_is_withheld_is_sent_by_no_request_and_whoever_asks_is_told_so(
    wishes: Wishes, event: SubmissionAccepted
) -> None:
    [mail] = failed(wishes, event, "confirmation")
    wishes.withheld(event.id, 2)
    request = wishes.requested(event, "confirmation", mail)
    assert wishes.publish.due == []
    assert wishes.states(event, "confirmation") == ["confirmation cancelled", "confirmation failed"]
    told = wishes.told()[-1]
    assert (told.request, told.state, told.reason) == (request.id, "cancelled", WITHHELD)
    assert told.words
    assert told.words.startswith("Somebody called the submission spam")
    wishes.again(request)
    assert wishes.publish.due == []


def test_a_release_sends_what_was_asked_for_meanwhile_and_once(wishes: Wishes, event: SubmissionAccepted) -> None:
    [mail] = failed(wishes, event, "confirmation")
    wishes.withheld(event.id, 2)
    for _ in range(2):
        wishes.requested(event, "confirmation", mail)
        wishes.requested(event, "confirmation")
    wishes.released(event, 3)
    assert wishes.work_off() == 1
    assert wishes.states(event, "confirmation") == ["confirmation failed", "confirmation sent"]
    again = wishes.requested(event, "confirmation")
    assert wishes.work_off() == 1, "what is released can be asked for as before"
    assert answered(wishes)[again.id] == "sent"


def test_what_was_cancelled_with_its_submission_is_not_asked_for_twice(
    wishes: Wishes, event: SubmissionAccepted
) -> None:
    wishes.accepted(event)
    wishes.withheld(event.id, 2)
    request = wishes.requested(event, "confirmation")
    assert wishes.states(event, "confirmation") == ["confirmation cancelled"]
    assert answered(wishes)[request.id] == "cancelled"
    wishes.publish.taken()
    wishes.released(event, 3)
    assert wishes.work_off() == 4, "the confirmation, the webhook, two owners"


def test_a_request_and_a_verdict_at_the_same_moment_agree(engine: Engine) -> None:
    wishes = [with_owners(Wishes(engine), A) for _ in range(2)]
    for _ in range(15):
        event, ready = replace(an_event(id=uuid4()), accepted_at=NOON), threading.Barrier(2)
        [mail] = failed(wishes[0], event, "confirmation")

        def request(event: SubmissionAccepted = event, mail: UUID = mail, ready: threading.Barrier = ready) -> None:
            ready.wait(10)
            wishes[0].requested(event, "confirmation", mail)

        def withhold(event: SubmissionAccepted = event, ready: threading.Barrier = ready) -> None:
            ready.wait(10)
            wishes[1].withheld(event.id, 2)

        with ThreadPoolExecutor(2) as threads:
            for ended in [threads.submit(request), threads.submit(withhold)]:
                ended.result(20)
        assert wishes[0].work_off() == 0
        assert wishes[0].states(event, "confirmation") == ["confirmation cancelled", "confirmation failed"]


def test_each_of_two_requests_on_what_is_under_way_is_answered_when_it_ends(
    wishes: Wishes, event: SubmissionAccepted
) -> None:
    wishes.accepted(event)
    first, second = (wishes.requested(event, "confirmation") for _ in range(2))
    wishes.again(first)
    assert {one.channel for one in wishes.publish.due} == {"confirmation", "webhook", "owner"}
    wishes.tell()
    assert wishes.work_off() == 4
    assert wishes.states(event, "confirmation") == ["confirmation sent"]
    assert answered(wishes) == {first.id: "sent", second.id: "sent"}


def test_each_of_several_requests_for_one_failure_is_answered_by_one_mail(
    wishes: Wishes, event: SubmissionAccepted
) -> None:
    [mail] = failed(wishes, event, "confirmation")
    asked = [wishes.requested(event, "confirmation", mail) for _ in range(3)]
    assert wishes.work_off() == 1
    late = wishes.requested(event, "confirmation", wishes.rows(event, "confirmation")[-1].id)
    told = answered(wishes)
    assert [told[one.id] for one in (*asked, late)] == ["sent"] * 4


def test_an_answer_that_was_not_told_yet_is_told_beside_the_next(wishes: Wishes, event: SubmissionAccepted) -> None:
    wishes.accepted(event)
    first = wishes.requested(event, "confirmation")
    wishes.work_off()
    second = wishes.requested(event, "confirmation", wishes.rows(event, "confirmation")[0].id)
    assert answered(wishes) == {first.id: "sent", second.id: "sent"}


def test_two_owners_whose_place_one_has_taken_are_one_mail(wishes: Wishes, event: SubmissionAccepted) -> None:
    asked = failed(wishes, event, "owner")
    with_owners(wishes, C)
    requests = [wishes.requested(event, "owner", one) for one in asked]
    assert [wishes.planned(due).destination for due in wishes.publish.due] == [C]
    assert wishes.work_off() == 1
    assert wishes.states(event, "owner") == ["owner cancelled", "owner cancelled", "owner sent"]
    assert {row.last_error for row in wishes.rows(event, "owner")} == {None, NO_LONGER_WANTED}
    told = {one.delivery_id: one.state for one in wishes.told()}
    assert [told[one] for one in asked] == ["cancelled", "cancelled"], "no failure is left to be asked for"
    assert answered(wishes).keys() >= {one.id for one in requests}
    wishes.withheld(event.id, 2)
    wishes.released(event, 3)
    assert "owner" not in {one.channel for one in wishes.publish.taken()}, "a release brings nothing of it back"


def test_an_owner_who_is_left_has_one_mail_and_the_other_none(wishes: Wishes, event: SubmissionAccepted) -> None:
    of_a, of_b = failed(wishes, event, "owner")
    with_owners(wishes, B)
    for one in (of_a, of_b):
        wishes.requested(event, "owner", one)
    assert [wishes.planned(due).destination for due in wishes.publish.due] == [B]
    assert wishes.work_off() == 1
    assert wishes.states(event, "owner") == ["owner cancelled", "owner failed", "owner sent"]


def test_requests_for_two_owners_at_the_same_moment_are_one_mail_too(engine: Engine) -> None:
    wishes = [with_owners(Wishes(engine), A, B) for _ in range(2)]
    for _ in range(15):
        event, ready = replace(an_event(id=uuid4()), accepted_at=NOON), threading.Barrier(2)
        with_owners(wishes[0], A, B)
        asked = failed(wishes[0], event, "owner")
        for one in wishes:
            with_owners(one, C)

        def request(number: int, event: SubmissionAccepted, asked: list[UUID], ready: threading.Barrier) -> None:
            asking = DeliveryRequested(uuid4(), "owner", event, "ada", NOON, asked[number])
            ready.wait(10)
            assert wishes[number].resend([Delivery(asking)]) == [None]

        with ThreadPoolExecutor(2) as threads:
            for ended in [threads.submit(request, number, event, asked, ready) for number in range(2)]:
                ended.result(20)
        assert sum(one.work_off() for one in wishes) == 1
        assert wishes[0].states(event, "owner") == ["owner cancelled", "owner cancelled", "owner sent"]


def test_a_receipt_says_nothing_of_an_address_that_nobody_wants_any_more(
    wishes: Wishes, event: SubmissionAccepted
) -> None:
    [mail] = failed(wishes, event, "confirmation")
    mended = replace(event, fields={**event.fields, "email": "mended@example.org"})
    wishes.requested(mended, "confirmation", mail)
    assert wishes.work_off() == 1
    assert [one.state for one in wishes.table.confirmations(event.id) if one.channel == "email"] == ["sent"]


def test_a_replay_brings_back_nothing_that_is_withheld(wishes: Wishes, event: SubmissionAccepted) -> None:
    wishes.accepted(event)
    wishes.work_off("failed", "unexpected ZeroDivisionError")
    wishes.withheld(event.id, 2)
    [mail] = wishes.rows(event, "confirmation")
    wishes.table.reopen_delivery(mail.id, now=wishes.clock())
    wishes.table.reopen(event.id, "confirmation", now=wishes.clock())
    assert wishes.states(event, "confirmation") == ["confirmation failed"]
    wishes.released(event, 3)
    wishes.table.reopen_delivery(mail.id, now=wishes.clock())
    assert wishes.states(event, "confirmation") == ["confirmation pending"]


def test_what_is_being_sent_when_it_is_withheld_and_released_is_sent_by_nobody_else(
    wishes: Wishes, event: SubmissionAccepted
) -> None:
    wishes.accepted(event)
    mail = next(one for one in wishes.publish.taken() if one.channel == "confirmation")
    sending = wishes.claim(mail)
    assert isinstance(sending, Claim)
    wishes.withheld(event.id, 1)
    wishes.released(event, 2)
    assert mail.id in {one.id for one in wishes.publish.due}
    assert not isinstance(wishes.claim(mail), Claim), "whoever sends it may have sent it"
    assert wishes.table.record(sending, "sent", now=wishes.clock()) is not None
    wishes.work_off()
    assert wishes.states(event, "confirmation") == ["confirmation sent"]


def test_whoever_was_sending_it_and_died_keeps_nobody_from_it_for_long(
    wishes: Wishes, event: SubmissionAccepted
) -> None:
    wishes.accepted(event)
    mail = next(one for one in wishes.publish.taken() if one.channel == "confirmation")
    assert isinstance(wishes.claim(mail), Claim)
    for version in (1, 3):
        wishes.withheld(event.id, version)
        wishes.released(event, version + 1)
    assert not isinstance(wishes.claim(mail), Claim)
    wishes.clock.forward(seconds=61)
    assert isinstance(wishes.claim(mail), Claim)


def test_what_failed_while_it_was_withheld_is_tried_after_the_release(
    wishes: Wishes, event: SubmissionAccepted
) -> None:
    wishes.accepted(event)
    mail = next(one for one in wishes.publish.taken() if one.channel == "confirmation")
    sending = wishes.claim(mail)
    assert isinstance(sending, Claim)
    wishes.withheld(event.id, 1)
    assert wishes.table.record(sending, "retrying", now=wishes.clock(), error="rcpt 450") is None
    wishes.released(event, 2)
    assert wishes.table.record(sending, "retrying", now=wishes.clock(), error="rcpt 450", next_attempt_at=NOON)
    assert isinstance(wishes.claim(mail), Claim)
