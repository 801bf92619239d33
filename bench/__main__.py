"""`python -m bench`: measures the claims beside their peers, prints tables, writes `bench/results/<date>.json`.

Everything listens on loopback. Client, servers, broker and database share this machine's cores, so only the ratios
within one run mean anything. A full run takes about ten minutes; `--quick` a tenth of that, to see that it works.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.accepts import CONNECTIONS, measure_accepts
from bench.drains import measure_drains
from bench.report import Series, machine, table, write_results
from bench.wrk import BenchFailed, install_if_missing
from dev.broker import Broker
from dev.postgres import Postgres
from dev.processes import StartFailed


def main() -> int:
    """Measure and report; 1 where something could not be measured."""
    given = _arguments()
    try:
        install_if_missing()
        claims = _measure(given)
    except (BenchFailed, StartFailed, subprocess.CalledProcessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(f"\n{machine()}; wrk, servers, broker and database share these cores")
    for claim, series in claims.items():
        print(f"\n{claim}\n{table(series)}")
    if not given.quick:
        print(f"\nwritten to {write_results(claims, vars(given)).relative_to(Path.cwd())}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=15, help="how long wrk loads each server in a round")
    parser.add_argument("--events", type=int, default=50_000, help="how many events wait for the storage service")
    parser.add_argument("--limit", type=float, default=30, help="seconds after which a slow consumer is stopped")
    parser.add_argument("--claim", choices=["accepts", "drains", "all"], default="all")
    parser.add_argument("--only", default="", help="measure only the peers whose name contains this")
    parser.add_argument("--quick", action="store_true", help="one short round of each, nothing written")
    given = parser.parse_args()
    if given.quick:
        given.rounds, given.seconds, given.events, given.limit = 1, 5, 10_000, 5
    return given


def _measure(given: argparse.Namespace) -> dict[str, list[Series]]:
    claims: dict[str, list[Series]] = {}
    with tempfile.TemporaryDirectory(prefix="counterfoil-bench-") as place:
        directory = Path(place)
        directory.chmod(0o755)  # PostgreSQL runs as another user where we are root
        with Broker(directory / "broker") as broker:
            if given.claim in {"accepts", "all"}:
                print(f"durable accepts at {CONNECTIONS} connections", flush=True)
                claims["durable accepts"] = measure_accepts(
                    directory, broker.url, rounds=given.rounds, seconds=given.seconds, only=given.only
                )
            if given.claim in {"drains", "all"}:
                claims |= _measure_drains(given, directory, broker.url)
    return claims


def _measure_drains(given: argparse.Namespace, directory: Path, broker_url: str) -> dict[str, list[Series]]:
    claims = {}
    with Postgres(directory / "postgres") as postgres:
        databases = {"PostgreSQL": postgres.create_database("bench"), "SQLite": f"sqlite:///{directory}/bench.db"}
        for name, url in databases.items():
            print(f"draining {given.events} waiting events into {name}", flush=True)
            claims[f"drain, {name}"] = measure_drains(
                directory, broker_url, url, events=given.events, rounds=given.rounds, limit_s=given.limit
            )
    return claims


if __name__ == "__main__":
    sys.exit(main())
