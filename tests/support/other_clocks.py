"""Runs the tests at another date: `python -m tests.support.other_clocks [WHEN] [-- pytest arguments]`.

pytest and all of our services see the moment by libfaketime, and time goes on from there. The monotonic clock stays the
real one; so do all clocks of those servers of others that cannot bear it (`by_the_real_clock`). Without WHEN the quick
tests run at every moment of `moments`, and all tests a year on.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from support.service import ROOT

BEFORE = timedelta(seconds=45)
"""How long before it the tests begin, where a moment is to pass while they run."""

THOROUGH = "year"

_QUICK = ("tests/unit", "tests/contract", "tests/conformance", "tests/bad_input")
_PROCESSES = tuple(f"tests/integration/test_{name}_process.py" for name in ("notify", "storage", "parked"))
_PARALLEL = ("--numprocesses=3", "--dist=loadfile")
_SWITCH_MS = 5
"""How long a thread of Python waits for the interpreter's lock before it asks for it. So long is each wait for a
condition: libfaketime takes a monotonic deadline for one of the shifted clock, and none waited at all."""
_SLEEP = Path(__file__).with_name("python_by_other_clocks")


@dataclass(frozen=True, slots=True)
class Moment:
    """When the tests begin, and the zone that they and the servers are in."""

    at: datetime
    zone: str = "UTC"


def moments(now: datetime) -> dict[str, Moment]:
    """Return the moments at which software has failed, seen from `now` (UTC), by the names to choose them by."""
    leap_year = next(year for year in range(now.year + 1, now.year + 9) if _is_leap(year))
    berlin = list(_changes(now, "Europe/Berlin"))
    return {
        "day": Moment(now + timedelta(days=1)),
        "year": Moment(now + timedelta(days=366)),
        "two-years": Moment(now + timedelta(days=731)),
        "leap-day": Moment(datetime(leap_year, 2, 29, tzinfo=UTC) - BEFORE),
        "after-leap-day": Moment(datetime(leap_year, 3, 1, tzinfo=UTC) - BEFORE),
        "february": Moment(datetime(leap_year + 1, 3, 1, tzinfo=UTC) - BEFORE),
        "clocks-forward": Moment(min(at for at, forward in berlin if forward) - BEFORE, "Europe/Berlin"),
        "clocks-back": Moment(min(at for at, forward in berlin if not forward) - BEFORE, "Europe/Berlin"),
        "auckland": Moment(now, "Pacific/Auckland"),
    }


def command(moment: Moment, now: datetime, arguments: Sequence[str]) -> list[str]:
    """Return what runs pytest as if it were that moment now."""
    ahead_s = round((moment.at - now).total_seconds())
    faked = ["faketime", "--exclude-monotonic", "-f", f"{ahead_s:+d}"]
    return [*faked, sys.executable, "-m", "pytest", "-q", *_PARALLEL, *arguments]


def environment(moment: Moment, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for it: the zone, where Python finds a sleep that works, and how long a thread waits."""
    return {**inherited, "TZ": moment.zone, "PYTHONPATH": str(_SLEEP), "FAKETIME_WAIT_MS": str(_SWITCH_MS)}


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _changes(now: datetime, zone: str) -> Iterator[tuple[datetime, bool]]:
    """Give the hours of the coming year at which a zone's clocks change, and whether they go forward."""
    place = ZoneInfo(zone)
    hour = now.replace(minute=0, second=0, microsecond=0)
    for at in (hour + timedelta(hours=number) for number in range(1, 24 * 366)):
        before, after = ((at + timedelta(hours=there)).astimezone(place).utcoffset() for there in (-1, 0))
        if before != after:
            yield at, (after or timedelta()) > (before or timedelta())


def _run(name: str, arguments: Sequence[str]) -> bool:
    now = datetime.now(UTC)
    moment = moments(now)[name]
    print(f"{name}: {moment.at.astimezone(ZoneInfo(moment.zone)):%d %B %Y, %H:%M:%S %Z}", flush=True)
    begun = time.monotonic()
    done = subprocess.run(
        command(moment, now, arguments), cwd=ROOT, env=environment(moment, os.environ), check=False
    ).returncode
    colour = f"red (pytest ended with {done})" if done else "green"
    print(f"{name}: {colour} after {time.monotonic() - begun:.0f} s", flush=True)
    return done == 0


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks for."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    chosen, further = arguments[:at], list(arguments[at + 1 :])
    known = moments(datetime.now(UTC))
    if unknown := set(chosen) - known.keys():
        print(f"WHEN={' '.join(unknown)}: expected one of {', '.join(known)}", file=sys.stderr)
        return 2
    results = {
        name: _run(name, further or ([] if name == THOROUGH else [*_QUICK, *_PROCESSES])) for name in chosen or known
    }
    red = [name for name, green in results.items() if not green]
    print(f"red: {', '.join(red)}" if red else f"green at {len(results)}: {', '.join(results)}")
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
