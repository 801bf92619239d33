"""Runs wrk and reads its output."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.rounds import BenchFailed
from dev.processes import poll

SIGNUP = Path(__file__).with_name("signup.lua")
WARM_LIMIT_S = 60
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
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
    command += ["-s", str(script), url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    if done.returncode:
        raise BenchFailed(f"wrk ended with {done.returncode}: {done.stderr.strip()}")
    return parse(done.stdout)


def warm_up(url: str, *, connections: int, seconds: int, script: Path = SIGNUP) -> None:
    """Load `url` until it is warm: until it answers, and with nothing but 2xx, for so many seconds.

    A server listens before its workers have started and have connected to the broker. Raises `BenchFailed`.
    """

    def is_warm() -> bool:
        try:
            return run_wrk(url, connections=connections, seconds=seconds, script=script).requests > 0
        except BenchFailed:
            return False

    if not poll(is_warm, WARM_LIMIT_S):
        raise BenchFailed(f"{url} did not answer with 2xx after {WARM_LIMIT_S} s")


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
