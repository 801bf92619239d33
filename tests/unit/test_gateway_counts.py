"""Counts in memory: each lives from its first increment until it expires, and is forgotten afterwards."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.abuse.counts import FORGET_EACH_S, KEPT_MOST, Counts


class Clock:
    """A clock that stands until it is moved, in seconds."""

    now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counts(clock: Clock) -> Counts:
    return Counts(clock)


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_a_count_lives_from_its_first_increment(counts: Counts, clock: Clock) -> None:
    assert [counts.incr("a", 60), counts.incr("a", 60), counts.incr("b", 60, amount=5)] == [1, 2, 5]
    clock.now_s += 59.9
    assert (counts.incr("a", 60), counts.get("a"), counts.get_expiry("a")) == (3, 3, 1_000_060.0)
    clock.now_s += 0.1
    assert (counts.get("a"), counts.get_expiry("a")) == (0, clock.now_s)
    assert counts.incr("a", 60) == 1


def test_what_is_over_is_forgotten_and_what_is_not_is_kept(counts: Counts, clock: Clock) -> None:
    for number in range(100):
        counts.incr(f"short {number}", 10)
    counts.incr("long", 1000)
    clock.now_s += FORGET_EACH_S + 1
    assert counts.incr("new", 10) == 1
    assert counts.incr("long", 1000) == 2
    assert counts.reset() == 2


def test_a_million_addresses_take_bounded_memory_and_make_nobody_s_count_begin_anew(
    counts: Counts, clock: Clock
) -> None:
    """Who is over a limit stays so, however many others come; who has sent as little as they may be forgotten."""
    for _ in range(3):
        counts.incr("flooding", 3600)
    for first in range(0, 1_000_000, KEPT_MOST // 10):
        clock.now_s += 1
        for number in range(first, first + KEPT_MOST // 10):
            counts.incr(f"form/{number}", 3600)
        assert len(counts._windows) <= KEPT_MOST
    assert counts.incr("flooding", 3600) == 4


def test_of_equal_counts_the_oldest_are_forgotten_first(clock: Clock) -> None:
    counts = Counts(clock, most=10)
    for number in range(11):
        clock.now_s += 1
        counts.incr(str(number), 3600)
    assert [number for number in range(11) if counts.get(str(number))] == [6, 7, 8, 9, 10]


def test_what_is_over_makes_room_before_anything_is_forgotten(clock: Clock) -> None:
    counts = Counts(clock, most=10)
    for number in range(5):
        counts.incr(f"long {number}", 3600)
    for number in range(5):
        counts.incr(f"short {number}", 1)
    clock.now_s += 1
    assert counts.incr("new", 3600) == 1
    assert counts.reset() == 6


def test_counts_can_be_taken_back(counts: Counts) -> None:
    counts.incr("a", 60)
    counts.clear("a")
    counts.clear("never was")
    assert counts.check()
    assert counts.get("a") == 0


@pytest.mark.usefixtures("hasty_threads")
def test_threads_lose_no_count(counts: Counts) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: counts.incr("a", 60), range(4000)))
    assert sorted(found) == list(range(1, 4001))
