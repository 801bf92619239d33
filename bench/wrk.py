"""Runs wrk and reads what it printed."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.rounds import BenchFailed

SIGNUP = Path(__file__).with_name("signup.lua")
_UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True, slots=True)
class WrkRound:
    """One run of wrk in which every answer was a success."""

    requests: int
    requests_per_s: float
    p50_ms: float
    p99_ms: float


def run_wrk(url: str, *, connections: int, seconds: int, script: Path = SIGNUP) -> WrkRound:
    """Load `url` and return what came of it; raises `BenchFailed` if anything but a 2xx was answered, or nothing.

    `script` says what is posted.
    """
    done = _run(url, connections, seconds, script)
    if done.returncode:
        raise BenchFailed(f"wrk ended with {done.returncode}: {done.stderr.strip()}")
    return parse(done.stdout)


def warm_up(url: str, *, connections: int, seconds: int, script: Path = SIGNUP) -> None:
    """Load `url`, whatever comes of it: connections are made, and what is compiled late is compiled."""
    _run(url, connections, seconds, script)


def _run(url: str, connections: int, seconds: int, script: Path) -> subprocess.CompletedProcess[str]:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
    command += ["-s", str(script), url]
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)


def parse(printed: str) -> WrkRound:
    """Read wrk's report; raises `BenchFailed` where it tells of errors."""
    for trouble in (r"Non-2xx or 3xx responses: \d+", r"Socket errors: .*"):
        if found := re.search(trouble, printed):
            raise BenchFailed(f"wrk: {found.group()}")
    if not _number(r"(\d+) requests in", printed):
        raise BenchFailed("wrk: not one request was answered")
    return WrkRound(
        requests=int(_number(r"(\d+) requests in", printed)),
        requests_per_s=_number(r"Requests/sec:\s+([\d.]+)", printed),
        p50_ms=_percentile("50", printed),
        p99_ms=_percentile("99", printed),
    )


def _number(pattern: str, printed: str) -> float:
    found = re.search(pattern, printed)
    if found is None:
        raise BenchFailed(f"wrk printed no {pattern!r}:\n{printed}")
    return float(found.group(1))


def _percentile(percent: str, printed: str) -> float:
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m)\b", printed, re.MULTILINE)
    if found is None:
        raise BenchFailed(f"wrk printed no {percent}th percentile:\n{printed}")
    return float(found.group(1)) * _UNITS_MS[found.group(2)]
