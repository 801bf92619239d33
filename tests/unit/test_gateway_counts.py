"""Counts in memory: each lives from its first increment until it expires, and is forgotten afterwards."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.counts import FORGET_EACH_S, Counts


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
