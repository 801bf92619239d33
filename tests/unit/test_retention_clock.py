"""A clock that is set forward makes nothing due for a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storage_service.retention.steady import BELIEVED_AFTER, LEAP, ClockLeapt, SteadyClock

YEAR = timedelta(days=365)
HOUR = timedelta(hours=1)


class Machine:
    """A machine whose clock can be set."""

    def __init__(self) -> None:
        self.now, self.ticks_s = datetime(2026, 11, 30, 9, tzinfo=UTC), 1000.0

    def goes_on(self, duration: timedelta) -> None:
        self.now += duration
        self.ticks_s += duration.total_seconds()


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def clock(machine: Machine) -> SteadyClock:
    return SteadyClock(lambda: machine.now, lambda: machine.ticks_s)


def test_it_tells_the_time_as_it_goes_on(machine: Machine, clock: SteadyClock) -> None:
    for _ in range(1000):
        machine.goes_on(HOUR)
        machine.now += timedelta(minutes=1)  # it is wrong, and slowly set right
        assert clock() == machine.now


def test_a_leap_is_believed_after_a_day(machine: Machine, clock: SteadyClock) -> None:
    machine.now += YEAR
    for _ in range(24):
        with pytest.raises(ClockLeapt, match="365 days"):
            clock()
        machine.goes_on(HOUR)
    assert clock() == machine.now
    machine.goes_on(HOUR)
    assert clock() == machine.now


def test_a_clock_that_is_set_right_again_is_believed_at_once(machine: Machine, clock: SteadyClock) -> None:
    machine.now += YEAR
    with pytest.raises(ClockLeapt):
        clock()
    machine.goes_on(BELIEVED_AFTER / 2)
    machine.now -= YEAR
    assert clock() == machine.now
    machine.now += YEAR
    machine.goes_on(BELIEVED_AFTER / 2)
    with pytest.raises(ClockLeapt):
        clock()


def test_what_is_set_back_or_a_little_forward_is_no_leap(machine: Machine, clock: SteadyClock) -> None:
    machine.now -= YEAR
    assert clock() == machine.now
    machine.now += LEAP
    assert clock() == machine.now
