"""Storage's table of what notify tells of deliveries: the newest counts, in any order, however often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from shared.contracts import DeliverySettled
from shared.messaging.failures import Delivery
from storage_service.deliveries.handler import RecordSettled
from storage_service.deliveries.resending import Resending
from storage_service.deliveries.selection import Selection
from storage_service.deliveries.states import DeliveryStates
from support.events import an_event
from support.resending import a_state, later, outgoing, state_of, submissions_with, tell, unsettled
from support.submission_databases import migrated


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


def test_in_whatever_order_it_comes_the_newest_counts(engine: Engine) -> None:
    for order in permutations(range(3)):
        held = a_state(an_event(), "held")
        told = [held, later(held, "pending"), later(held, "sent", minutes=2)]
        for number in order:
            tell(engine, told[number])
        assert state_of(engine, held.delivery_id) == "sent", order


def test_at_the_same_moment_more_attempts_are_newer(engine: Engine) -> None:
    failed = a_state(an_event())
    assert tell(engine, later(failed, "sent", minutes=0, attempts=2)) == 1
    assert tell(engine, failed) == 0
    assert state_of(engine, failed.delivery_id) == "sent"


def test_what_comes_twice_or_twice_in_one_message_is_recorded_once(engine: Engine) -> None:
    failed = a_state(an_event())
    handle = RecordSettled(DeliveryStates(engine), lambda: datetime.now(UTC))
    message = DeliverySettled(uuid4(), (failed, later(failed, "sent"), failed))
    handle([Delivery(message), Delivery(message)])
    assert state_of(engine, failed.delivery_id) == "sent"
    assert tell(engine, failed) == 0


def test_many_are_recorded_at_once(engine: Engine) -> None:
    told = [a_state(an_event()) for _ in range(1000)]
    assert tell(engine, *told) == 1000
    assert Resending(engine, "a test").count(Selection()).unstored == 1000


def test_what_follows_a_request_ends_it_and_what_came_before_does_not(engine: Engine) -> None:
    [held] = submissions_with(engine, 1, "held")
    assert list(Resending(engine, "a test").request(Selection())) == [1]
    [request] = outgoing(engine)
    assert tell(engine, held) == 0
    assert unsettled(engine) == {request.id}
    tell(engine, later(held, "pending", request=request.id))
    assert unsettled(engine) == {request.id}, "it is under way"
    tell(engine, later(held, "sent", minutes=2, request=request.id))
    assert unsettled(engine) == set()


def test_what_is_known_already_ends_its_request_too(engine: Engine) -> None:
    """What was sent by itself before its request came is told again, unchanged."""
    [held] = submissions_with(engine, 1, "held")
    assert list(Resending(engine, "a test").request(Selection())) == [1]
    [request] = outgoing(engine)
    sent = later(held, "sent")
    tell(engine, sent)
    assert tell(engine, replace(sent, request=request.id)) == 0
    assert unsettled(engine) == set()


@pytest.mark.parametrize("state", ["suppressed", "bounced"])
def test_what_was_suppressed_or_came_back_is_found_among_what_failed(engine: Engine, state: str) -> None:
    [held] = submissions_with(engine, 1, "held")
    tell(engine, later(held, state, reason="suppressed: bounced", words="Mail to this address came back."))
    assert state_of(engine, held.delivery_id) == "failed"
    assert list(Resending(engine, "a test").request(Selection(states=["failed"]))) == [1], "and may be asked for again"
