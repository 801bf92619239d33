"""Long answers of the console keep a pace together."""

from __future__ import annotations

import pytest

from gateway.console.pace import AHEAD_S, Pace


class Clock:
    """A clock that goes on where somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def test_many_pieces_take_as_long_as_the_pace_says() -> None:
    clock = Clock()
    pace = Pace(1000, clock=clock, sleep=clock.sleep)
    for _ in range(100):
        pace.keep(100)
    assert clock.now_s - 100 == pytest.approx(10 - AHEAD_S)


def test_a_pause_is_not_made_up_for() -> None:
    clock = Clock()
    pace = Pace(1000, clock=clock, sleep=clock.sleep)
    pace.keep(100)
    clock.now_s += 1000
    begun_s = clock.now_s
    pace.keep(1000)
    assert clock.now_s - begun_s == pytest.approx(1 - AHEAD_S)
