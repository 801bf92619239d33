"""A broker that does not answer is said at once, and then with growing pauses, for as long as it lasts."""

from __future__ import annotations

from itertools import pairwise

import pytest

from shared.messaging.complaints import PAUSE_MOST_S, Complaints


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
    """Complain every second for so long; returns the seconds in which it was to be logged."""
    began_s, said = clock.now_s, list[int]()
    for second in range(seconds):
        clock.now_s = began_s + second
        if complaints.due():
            said.append(second)
    return said


def test_the_first_is_said_at_once_and_each_pause_is_twice_as_long(clock: Clock) -> None:
    assert said_in(Complaints(clock), clock, 100) == [0, 1, 2, 4, 8, 16, 32, 64]


def test_it_is_said_for_as_long_as_it_lasts(clock: Clock) -> None:
    said = said_in(Complaints(clock), clock, 24 * 3600)
    assert max(later - sooner for sooner, later in pairwise(said)) == PAUSE_MOST_S
    assert len(said) < 300


def test_what_comes_and_goes_is_one_trouble(clock: Clock) -> None:
    complaints, said = Complaints(clock), 0
    for _ in range(100):
        said += complaints.due()
        complaints.over()
        clock.now_s += 1
    assert said <= 8


def test_after_a_while_without_trouble_the_next_is_said_at_once(clock: Clock) -> None:
    complaints = Complaints(clock)
    said_in(complaints, clock, 60)
    complaints.over()
    clock.now_s += 10
    assert complaints.due()
    assert complaints.lasted_s == 0
    assert said_in(complaints, clock, 4) == [1, 2]


def test_whether_it_was_said_is_known_until_it_is_over(clock: Clock) -> None:
    complaints = Complaints(clock)
    assert not complaints.said
    complaints.due()
    complaints.due()
    assert complaints.said
    complaints.over()
    assert not complaints.said
