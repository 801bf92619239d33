"""A broker that does not answer is said at once, and then with growing pauses, for as long as it lasts."""

from __future__ import annotations

from itertools import pairwise

import pytest

from shared.messaging.complaints import PAUSE_MOST_S, Complaints

LINKS = [f"link {number}" for number in range(20)]


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def said_in(complaints: Complaints, clock: Clock, seconds: int) -> list[int]:
    """Let every link complain every second for so long; returns the seconds in which that was to be logged."""
    began_s, said = clock.now_s, list[int]()
    for second in range(seconds):
        clock.now_s = began_s + second
        said += [second for link in LINKS if complaints.due(link) is not None]
    return said


def test_the_first_is_said_at_once_and_each_pause_is_twice_as_long_whoever_complains(clock: Clock) -> None:
    assert said_in(Complaints(clock), clock, 100) == [0, 1, 2, 4, 8, 16, 32, 64]


def test_it_is_said_for_as_long_as_it_lasts(clock: Clock) -> None:
    said = said_in(Complaints(clock), clock, 4 * 3600)
    assert max(later - sooner for sooner, later in pairwise(said)) == PAUSE_MOST_S
    assert len(said) < 60


def test_what_comes_and_goes_is_one_trouble(clock: Clock) -> None:
    complaints, said = Complaints(clock), list[float]()
    for _ in range(100):
        lasted_s = complaints.due("link")
        said += [] if lasted_s is None else [lasted_s]
        complaints.over("link")
        clock.now_s += 1
    assert said == [0, 1, 2, 4, 8, 16, 32, 64]


def test_after_a_while_without_trouble_the_next_is_said_at_once(clock: Clock) -> None:
    complaints = Complaints(clock)
    said_in(complaints, clock, 60)
    for link in LINKS:
        complaints.over(link)
    clock.now_s += 10
    assert said_in(complaints, clock, 5) == [0, 1, 2, 4]


def test_a_link_that_never_complained_ends_nothing(clock: Clock) -> None:
    complaints = Complaints(clock)
    assert not complaints.over("new")
    clock.now_s += 1
    assert complaints.due("link") == 0
    assert not complaints.over("new")
    assert complaints.over("link")


def test_the_end_is_said_once_by_the_last_and_only_where_the_beginning_was(clock: Clock) -> None:
    complaints = Complaints(clock)
    for link in LINKS:
        complaints.due(link)
    assert [complaints.over(link) for link in LINKS] == [False] * 19 + [True]
    clock.now_s += 0.1
    assert complaints.due("link") is None
    assert not complaints.over("link")
