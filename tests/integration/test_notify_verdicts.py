"""Released and withheld submissions: the highest version counts, in any order, twice, and late."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import permutations
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from notify_service.deliveries.states import SPAM, WITHHELD, Claim, Settled
from notify_service.requests.verdicts import WAITS_MOST
from notify_service.tables import MIGRATIONS
from shared import database
from shared.contracts import SubmissionAccepted, SubmissionReleased
from shared.forms.webhook import ACCEPTED, RELEASED
from shared.messaging.failures import Delivery, RetryLater
from support.confirmations import NOON
from support.events import an_event
from support.migrating import migrate
from support.webhooks import a_webhook
from support.wishes import Wishes, as_spam

BOTH_PENDING = ["confirmation pending", "webhook pending"]
BOTH_CANCELLED = ["confirmation cancelled", "webhook cancelled"]


@pytest.fixture
def engine(notify_database_url: str) -> Iterator[Engine]:
    engine = database.create(notify_database_url)
    migrate(engine, MIGRATIONS)
    yield engine
    engine.dispose()


@pytest.fixture
def wishes(engine: Engine) -> Wishes:
    return Wishes(engine)


def an_accepted() -> SubmissionAccepted:
    return replace(an_event(), accepted_at=NOON)


def test_spam_that_is_released_is_delivered_as_if_it_had_been_accepted(wishes: Wishes) -> None:
    event = an_accepted()
    wishes.accepted(as_spam(event))
    assert wishes.rows(event) == []
    wishes.released(as_spam(event), 2)
    assert wishes.work_off() == 2
    assert wishes.states(event) == ["confirmation sent", "webhook sent"]
    assert {row.provider_id for row in wishes.rows(event)} == {f"{event.id}.email", f"accepted_{event.id}"}


def test_a_release_taken_twice_brings_nothing_more(wishes: Wishes) -> None:
    event = an_accepted()
    wishes.released(as_spam(event), 2)
    wishes.released(as_spam(event), 2)
    assert wishes.work_off() == 2
    wishes.released(as_spam(event), 2)
    assert wishes.publish.due == []


def test_a_release_taken_again_after_it_was_delivered_is_told_to_nobody(wishes: Wishes) -> None:
    webhook = replace(a_webhook(), events=(ACCEPTED, RELEASED))
    wishes.forms["signup"] = replace(wishes.forms["signup"], webhook=webhook)
    event = an_accepted()
    wishes.released(as_spam(event), 2)
    assert wishes.work_off() == 2
    wishes.released(as_spam(event), 2)
    assert wishes.states(event) == ["confirmation sent", "webhook sent"], "it was no news to anybody"
    wishes.withheld(event.id, 3)
    wishes.released(as_spam(event), 4)
    assert wishes.work_off() == 1, "and now it is"


def test_a_release_by_a_retry_is_told_to_nobody(wishes: Wishes) -> None:
    webhook = replace(a_webhook(), events=(RELEASED,))
    wishes.forms["signup"] = replace(wishes.forms["signup"], webhook=webhook)
    event = an_accepted()
    assert wishes.release([Delivery(SubmissionReleased(2, event, by_hand=False))]) == [None]
    assert wishes.states(event) == ["confirmation pending"]


def test_in_any_order_what_was_released_last_is_delivered_once(wishes: Wishes) -> None:
    for order in permutations(range(3)):
        event = an_accepted()
        steps = [
            partial(wishes.accepted, event),
            partial(wishes.withheld, event.id, 2),
            partial(wishes.released, event, 3),
        ]
        for number in order:
            steps[number]()
        assert wishes.states(event) == BOTH_PENDING, order
        assert {one.id for one in wishes.publish.due} == {row.id for row in wishes.rows(event)}, order
        assert wishes.work_off() == 2, order


def test_in_any_order_what_was_withheld_last_is_not_delivered(wishes: Wishes) -> None:
    for order in permutations(range(3)):
        event = an_accepted()
        steps = [
            partial(wishes.accepted, event),
            partial(wishes.released, event, 2),
            partial(wishes.withheld, event.id, 3),
        ]
        for number in order:
            steps[number]()
        for step in steps:
            step()  # all of it once more
        assert set(wishes.states(event)) <= set(BOTH_CANCELLED), order
        assert wishes.states(event) == BOTH_CANCELLED, order
        assert wishes.work_off() == 0, order


def test_what_is_withheld_before_it_comes_is_recorded_as_cancelled(wishes: Wishes) -> None:
    event = an_accepted()
    wishes.withheld(event.id, 1)
    wishes.accepted(event)
    assert wishes.states(event) == BOTH_CANCELLED
    assert wishes.publish.due == []
    assert {(row.last_error, row.due_at) for row in wishes.rows(event)} == {(WITHHELD, None)}


def test_an_older_verdict_changes_nothing_nor_does_another_of_the_same_version(wishes: Wishes) -> None:
    event = an_accepted()
    wishes.accepted(event)
    wishes.withheld(event.id, 5)
    wishes.released(event, 4)
    wishes.released(event, 5)
    assert wishes.states(event) == BOTH_CANCELLED


def test_a_message_of_what_is_cancelled_is_let_go(wishes: Wishes) -> None:
    event = an_accepted()
    wishes.accepted(event)
    wishes.withheld(event.id, 1)
    for due in wishes.publish.taken():
        assert wishes.claim(due) == Settled()


def test_what_is_being_sent_meanwhile_is_recorded_as_sent_and_never_tried_again(wishes: Wishes) -> None:
    event = an_accepted()
    wishes.accepted(event)
    mail, webhook = (wishes.claim(due) for due in sorted(wishes.publish.taken(), key=lambda one: one.channel))
    assert isinstance(mail, Claim)
    assert isinstance(webhook, Claim)
    wishes.withheld(event.id, 1)
    assert wishes.table.record(mail, "sent", now=wishes.clock()) is not None
    assert wishes.table.record(webhook, "retrying", now=wishes.clock(), error="status 503") is None
    assert wishes.states(event) == ["confirmation sent", "webhook cancelled"]


def test_what_was_sent_stays_sent(wishes: Wishes) -> None:
    event = an_accepted()
    wishes.accepted(event)
    assert wishes.work_off() == 2
    wishes.withheld(event.id, 1)
    wishes.released(event, 2)
    assert wishes.work_off() == 0
    assert wishes.states(event) == ["confirmation sent", "webhook sent"]


def test_what_is_held_as_spam_is_released_and_what_a_cap_holds_is_not(wishes: Wishes) -> None:
    event = an_accepted()
    wishes.accepted(event)
    mail, webhook = sorted(wishes.publish.taken(), key=lambda one: one.channel)
    wishes.set(mail.id, state="held", last_error="limit source", due_at=None)
    wishes.set(webhook.id, state="held", last_error=SPAM, due_at=None)
    wishes.released(event, 1)
    assert wishes.states(event) == ["confirmation held", "webhook pending"]
    assert [one.id for one in wishes.publish.due] == [webhook.id]


def test_the_same_fields_once_spam_and_once_good_are_good(wishes: Wishes) -> None:
    event = an_accepted()
    wishes.released(event, 1)
    mail, webhook = sorted(wishes.publish.taken(), key=lambda one: one.channel)
    other = replace(event, fields={"email": "ada@example.org", "n": 2}, fingerprint="0" * 64)
    wishes.set(mail.id, state="held", last_error="limit source", due_at=None)
    wishes.set(webhook.id, state="held", last_error=SPAM, due_at=None)
    wishes.accepted(other)
    assert wishes.states(event) == ["confirmation held", "webhook pending"]
    assert [one.id for one in wishes.publish.due] == [webhook.id]


def test_a_form_that_nobody_knows_yet_is_waited_for_and_then_fails_visibly(wishes: Wishes) -> None:
    event = replace(an_accepted(), form="new")
    release = SubmissionReleased(1, event)
    for attempt in (0, WAITS_MOST - 1):
        [waits] = wishes.release([Delivery(release, attempt)]) or []
        assert isinstance(waits, RetryLater)
    assert wishes.release([Delivery(release, WAITS_MOST)]) == [None]
    assert wishes.states(event) == ["confirmation pending"], "its worker says what is wrong"


def test_a_verdict_and_a_planner_at_the_same_moment_agree(engine: Engine) -> None:
    wishes = [Wishes(engine), Wishes(engine)]
    for _ in range(25):
        event, ready = replace(an_accepted(), id=uuid4()), threading.Barrier(2)

        def plan(event: SubmissionAccepted = event, ready: threading.Barrier = ready) -> None:
            ready.wait(10)
            wishes[0].accepted(event)

        def withhold(event: SubmissionAccepted = event, ready: threading.Barrier = ready) -> None:
            ready.wait(10)
            wishes[1].withheld(event.id, 1)

        with ThreadPoolExecutor(2) as threads:
            for ended in [threads.submit(plan), threads.submit(withhold)]:
                ended.result(20)
        assert wishes[0].states(event) == BOTH_CANCELLED
