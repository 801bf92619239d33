"""Waits of the tests last longer on a slow machine; see `support.pace`."""

from __future__ import annotations

import time

import pytest

from support import pace
from support.polling import eventually


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which goes on as a test says, and by whatever is slept."""
    passed = [0.0]

    def sleep(for_s: float) -> None:
        passed[0] += for_s

    monkeypatch.setattr(time, "monotonic", lambda: passed[0])
    monkeypatch.setattr(time, "sleep", sleep)
    return passed


def test_on_a_usual_machine_it_is_waited_for_as_long_as_is_said(
    now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "slowness", lambda: 1.0)
    with pytest.raises(AssertionError, match="after 10 s still not: it comes; last seen: 0"):
        eventually(lambda: 0, 10, "it comes")
    assert 10 < now[0] < 10.2


def test_on_a_slow_one_for_longer_in_proportion(now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "slowness", lambda: 2.5)
    with pytest.raises(AssertionError, match="after 25 s"):
        eventually(lambda: 0, 10, "it comes")
    assert eventually(lambda: now[0] > 45, 10, "it comes")


def test_while_everything_stood_still_nothing_was_waited_for(now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "slowness", lambda: 1.0)
    slept = time.sleep
    stops_s = [100.0]

    def stop(for_s: float) -> None:
        slept(for_s + (stops_s.pop() if stops_s else 0.0))

    monkeypatch.setattr(time, "sleep", stop)
    assert eventually(lambda: now[0] > 105, 10, "it comes")


def test_a_busy_machine_is_between_usual_and_four_times_as_slow() -> None:
    assert 1 <= pace.slowness() <= 4
    assert pace.quickest_s(lambda: sum(range(1000))) < pace.quickest_s(lambda: sum(range(1_000_000)))
