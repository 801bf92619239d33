"""What failed or is held, listed and sent again on both databases: in pages, by filters, for whose forms they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from bench.many_submissions import fill
from shared.contracts import DeliveryState
from storage_service.deliveries.listing import Deliveries, Which
from storage_service.deliveries.resending import Resending
from storage_service.deliveries.selection import Selection
from storage_service.work import Work
from support.events import an_event
from support.plans import plans_of, scans_in
from support.resending import TOLD_AT, a_state, later, outgoing, submissions_with, tell
from support.submission_databases import migrated, store
from support.working import an_asker


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def deliveries(engine: Engine) -> Deliveries:
    return Deliveries(engine)


def told(engine: Engine, *states: DeliveryState) -> None:
    tell(engine, *states)


def ids(deliveries: Deliveries, which: Which = Which()) -> list[UUID]:  # noqa: B008 - it is frozen
    return [one.id for one in deliveries.page(which, 200)]


def test_the_last_comes_first_page_by_page_whatever_has_the_same_moment(engine: Engine, deliveries: Deliveries) -> None:
    states = [a_state(an_event(), changed_at=TOLD_AT + timedelta(seconds=number // 7)) for number in range(30)]
    told(engine, *states)
    seen: list[UUID] = []
    after: tuple[datetime, UUID] | None = None
    while page := deliveries.page(Which(), 4, after):
        seen += [one.id for one in page]
        after = (page[-1].changed_at, page[-1].id)
    in_order = sorted(states, key=lambda one: (one.changed_at, one.delivery_id), reverse=True)
    assert seen == [one.delivery_id for one in in_order]
    assert (deliveries.count(Which()), deliveries.count(Which(), most=10)) == (30, 11)


def test_one_says_what_notify_told(engine: Engine, deliveries: Deliveries) -> None:
    state = a_state(an_event(), words="This address does not exist.", attempts=3)
    told(engine, state)
    [one] = deliveries.page(Which(), 10)
    assert (one.id, one.submission_id, one.form) == (state.delivery_id, state.submission_id, "signup")
    assert (one.destination, one.attempts, one.words) == ("o…@example.org", 3, "This address does not exist.")
    assert (one.state, one.changed_at, one.is_sendable) == ("failed", TOLD_AT, True)


def test_filters_leave_what_they_say(engine: Engine, deliveries: Deliveries) -> None:
    failed = a_state(an_event(form="contact"), channel="webhook", changed_at=TOLD_AT - timedelta(days=3))
    held, sent = a_state(an_event(), "held"), a_state(an_event(), "sent")
    others = [a_state(an_event()), a_state(an_event(form="contact"))]
    told(engine, failed, held, sent, *others)
    assert ids(deliveries, Which("held")) == [held.delivery_id]
    assert ids(deliveries, Which(form="contact", channel="webhook")) == [failed.delivery_id]
    assert ids(deliveries, Which(since=TOLD_AT)) == sorted((one.delivery_id for one in others), reverse=True)
    assert ids(deliveries, Which(forms=frozenset({"signup"}))) == [others[0].delivery_id]
    assert ids(deliveries, Which(form="signup", forms=frozenset({"contact"}))) == []
    assert ids(deliveries, Which(forms=frozenset())) == []


def test_of_no_known_form_is_for_who_may_see_all(engine: Engine, deliveries: Deliveries) -> None:
    told(engine, replace(a_state(an_event()), form=None))
    assert len(ids(deliveries)) == 1
    assert ids(deliveries, Which(forms=frozenset({"signup"}))) == []


def test_what_was_asked_for_is_not_in_it_until_something_came_of_it(engine: Engine, deliveries: Deliveries) -> None:
    [failed] = submissions_with(engine, 1)
    assert deliveries.again([failed.delivery_id], None, "ada@example.org") == 1
    assert ids(deliveries) == []
    [request] = outgoing(engine)
    assert (request.delivery_id, request.requested_by) == (failed.delivery_id, "ada@example.org")
    later_one = later(failed, "failed", delivery_id=uuid4(), request=request.id)
    told(engine, later_one)
    assert ids(deliveries) == [later_one.delivery_id]


def test_some_are_sent_again_and_no_others(engine: Engine, deliveries: Deliveries) -> None:
    states = submissions_with(engine, 60)
    chosen = [one.delivery_id for one in states[:40]]
    assert deliveries.again([*chosen, chosen[0]], None, "ada@example.org") == 40
    assert {one.delivery_id for one in outgoing(engine)} == set(chosen)
    assert deliveries.again(chosen, None, "ada@example.org") == 0
    assert len(ids(deliveries)) == 20


def test_anothers_forms_are_out_of_reach(engine: Engine, deliveries: Deliveries) -> None:
    [failed] = submissions_with(engine, 1)
    assert deliveries.again([failed.delivery_id], frozenset({"contact"}), "eve@example.org") == 0
    assert outgoing(engine) == []


def test_what_cannot_be_sent_is_left_alone(engine: Engine, deliveries: Deliveries) -> None:
    """Sent ones, those that wait for more than room, those of spam, and those of no submission of ours."""
    event, spam = an_event(), an_event()
    store(engine, event, spam)
    Work(engine).spam(spam.id, an_asker())
    states = [
        a_state(event, "sent"),
        a_state(event, "held", reason="opt-in"),
        a_state(spam),
        a_state(an_event()),
    ]
    told(engine, *states)
    assert deliveries.again([one.delivery_id for one in states], None, "ada@example.org") == 0
    [held] = deliveries.page(Which("held"), 10)
    assert not held.is_sendable


def test_a_selection_of_none_selects_none(engine: Engine) -> None:
    submissions_with(engine, 2)
    assert Resending(engine, "a test").count(Selection(deliveries=[])).all == 0


def test_an_index_finds_them(engine: Engine, deliveries: Deliveries) -> None:
    fill(engine, 20_000)
    after = (datetime.fromisoformat("2026-01-01T03:00+00:00"), UUID(int=7))
    rare = frozenset({"form3", "rare"})
    for which in (Which(), Which("held"), Which(form="rare"), Which(channel="webhook"), Which(forms=rare)):
        for ask in (
            partial(deliveries.page, which, 50),
            partial(deliveries.page, which, 50, after),
            partial(deliveries.count, which),
        ):
            plans = plans_of(engine, ask)
            assert plans
            assert not scans_in(engine, plans), plans
