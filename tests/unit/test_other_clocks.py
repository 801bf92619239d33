"""`make test-clock`: when it sets the clock to, and that what it starts sees it."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from support.other_clocks import BEFORE, Moment, command, environment, main, moments


@pytest.mark.parametrize("year", [2026, 2027, 2028, 2099])
def test_the_moments_are_those_that_it_names(year: int) -> None:
    now = datetime(year, 11, 29, 8, 30, tzinfo=UTC)
    found = moments(now)
    assert [found[name].at - now for name in ("day", "year", "two-years")] == [
        timedelta(days=days) for days in (1, 366, 731)
    ]
    leap, after, common = (found[name].at for name in ("leap-day", "after-leap-day", "february"))
    assert [(at.month, at.day) for at in (leap, leap + BEFORE)] == [(2, 28), (2, 29)]
    assert [(at.month, at.day) for at in (after, after + BEFORE)] == [(2, 29), (3, 1)]
    assert [(at.month, at.day) for at in (common, common + BEFORE)] == [(2, 28), (3, 1)]
    assert all(moment.at >= now for moment in found.values())


def test_the_clocks_of_berlin_change_while_the_tests_run() -> None:
    found = moments(datetime(2026, 11, 29, 8, 30, tzinfo=UTC))
    berlin = ZoneInfo("Europe/Berlin")
    for name, day, hours in (("clocks-forward", (2027, 3, 28), (1, 2)), ("clocks-back", (2027, 10, 31), (2, 1))):
        moment = found[name]
        assert moment.zone == "Europe/Berlin"
        before, after = (at.astimezone(berlin) for at in (moment.at, moment.at + BEFORE))
        assert (before.year, before.month, before.day) == day
        assert [at.utcoffset() for at in (before, after)] == [timedelta(hours=one) for one in hours]


def test_python_sees_the_moment_and_its_zone_sleeps_as_long_as_ever_and_hands_them_on() -> None:
    variables = {"PATH": "/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin"}
    now = datetime.fromtimestamp(_seconds_by_the_machine(variables), UTC)
    moment = Moment(datetime(2031, 7, 1, tzinfo=UTC), "Pacific/Auckland")
    code = "import time; t = time.monotonic(); time.sleep(0.05); print(time.monotonic() - t, time.time(), time.tzname)"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}], check=True)"
    wrapped = command(moment, now, [])
    wrapped = [*wrapped[: wrapped.index(sys.executable)], sys.executable, "-c", nested]
    begun = time.monotonic()
    variables = environment(moment, variables)
    shown = subprocess.run(wrapped, env=variables, capture_output=True, text=True, check=True).stdout
    slept, at, zone = shown.split(maxsplit=2)
    assert 0.05 <= float(slept) < time.monotonic() - begun
    assert -1 <= float(at) - moment.at.timestamp() <= time.monotonic() - begun + 1
    assert "NZST" in zone


def test_a_thread_of_python_rests_while_another_has_the_interpreter() -> None:
    code = """
import threading, time
begun = threading.Event()
def wait():
    begun.set()
    used, at = time.thread_time(), time.monotonic()
    time.sleep(0.01)
    print(time.thread_time() - used, time.monotonic() - at)
thread = threading.Thread(target=wait)
thread.start()
begun.wait()
sum(range(30_000_000))
thread.join()
"""
    variables = {"PATH": "/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin"}
    now = datetime.fromtimestamp(_seconds_by_the_machine(variables), UTC)
    moment = Moment(datetime(2031, 7, 1, tzinfo=UTC))
    wrapped = command(moment, now, [])
    wrapped = [*wrapped[: wrapped.index(sys.executable)], sys.executable, "-c", code]
    variables = environment(moment, variables)
    shown = subprocess.run(wrapped, env=variables, capture_output=True, text=True, check=True).stdout
    used_s, took_s = map(float, shown.split())
    assert used_s < took_s / 5


def _seconds_by_the_machine(variables: dict[str, str]) -> float:
    """Return the time by the real clock: these tests run by the clock of another day too."""
    return float(subprocess.run(["date", "+%s"], env=variables, capture_output=True, text=True, check=True).stdout)


def test_a_moment_that_is_none_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tomorrow"]) == 2
    assert "WHEN=tomorrow: expected one of day, year, two-years" in capsys.readouterr().err
