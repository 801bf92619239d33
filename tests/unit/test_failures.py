"""What a handler says by raising, and what becomes of each delivery of its batch."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import SubmissionAccepted
from shared.messaging.failures import (
    BUG_RETRIES,
    Delivery,
    DependencyUnavailable,
    Done,
    Park,
    PermanentFailure,
    Retry,
    RetryLater,
    settle,
)
from support.events import an_event


class Handler:
    """Fails on the deliveries it is told to, and remembers which went well."""

    def __init__(self, fails: dict[int, Exception]) -> None:
        self.fails = fails
        self.handled: list[int] = []
        self.calls = 0

    def __call__(self, deliveries: Sequence[Delivery[SubmissionAccepted]]) -> None:
        self.calls += 1
        numbers = [int(str(delivery.event.fields["n"])) for delivery in deliveries]
        for number in numbers:
            if number in self.fails:
                raise self.fails[number]
        self.handled += numbers


def deliveries(count: int, *, attempt: int = 0, failures: int = 0) -> list[Delivery[SubmissionAccepted]]:
    return [Delivery(an_event(n=number), attempt, failures) for number in range(count)]


@given(st.sets(st.integers(0, 99)))
def test_only_the_bad_ones_are_parked_whatever_their_places(bad: set[int]) -> None:
    handler = Handler({number: PermanentFailure(f"bad {number}") for number in bad})
    outcomes = settle(handler, deliveries(100))
    assert outcomes == [Park(f"bad {n}") if n in bad else Done() for n in range(100)]
    assert sorted(handler.handled) == sorted(set(range(100)) - bad)


def test_one_bad_event_in_a_hundred_costs_few_calls() -> None:
    handler = Handler({42: PermanentFailure("bad")})
    settle(handler, deliveries(100))
    assert handler.calls <= 15


def test_each_way_of_failing_has_its_outcome() -> None:
    fails = {0: RetryLater("busy", after_s=30.0), 1: PermanentFailure("never"), 2: ZeroDivisionError()}
    later, parked, bug, done = settle(Handler(fails), deliveries(4))
    assert later == Retry("busy", 30.0)
    assert parked == Park("never")
    assert isinstance(bug, Retry)
    assert done == Done()


def test_a_bug_is_parked_when_its_budget_is_spent() -> None:
    [outcome] = settle(Handler({0: ZeroDivisionError()}), deliveries(1, failures=BUG_RETRIES))
    assert isinstance(outcome, Park)
    [outcome] = settle(Handler({0: ZeroDivisionError()}), deliveries(1, attempt=99))
    assert isinstance(outcome, Retry), "retries that the handler asked for are not bugs"


def test_a_dependency_that_is_away_settles_nothing() -> None:
    with pytest.raises(DependencyUnavailable):
        settle(Handler({3: DependencyUnavailable("away")}), deliveries(8))


def test_what_a_handler_says_of_each_of_the_first_is_their_outcome() -> None:
    deliveries = [Delivery(an_event()) for _ in range(4)]
    results = [None, RetryLater("busy", after_s=7.0), PermanentFailure("no")]
    assert settle(lambda _: results, deliveries) == [Done(), Retry("busy", 7.0), Park("no")]


def test_a_half_that_is_left_unfinished_ends_a_bisected_batch() -> None:
    deliveries = [Delivery(an_event()) for _ in range(4)]

    def handler(given: Sequence[Delivery[SubmissionAccepted]]) -> list[Exception | None]:
        if len(given) == 4:
            raise ValueError
        return [None]

    assert settle(handler, deliveries) == [Done()]
