"""The ledger as a command for an operator: send a load to an installation, compare it with what that shows later.

    python -m bench.ledger send  --url https://forms.example.org --ledger run.jsonl --count 500
    python -m bench.ledger check --url https://forms.example.org --ledger run.jsonl --api-key-file key

It submits to the form `signup` unless told otherwise: each submission is a real one, and brings a real mail to
ada+<number>@example.org. What other people submitted meanwhile is left out of the comparison.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from random import SystemRandom

from support.ledger import Entry, Ledger
from support.ledger_client import Load, LoadClient
from support.ledger_sources import holdings_by_api
from support.ledger_verdict import Holdings, compare

SEND_LIMIT_S = 3600.0


def main() -> int:
    """Send or check; exit code 1 where the promise does not hold."""
    given = _arguments()
    ledger = Ledger(given.ledger)
    if given.verb == "send":
        return _send(given, ledger)
    key = given.api_key_file.read_text().strip()
    entries = ledger.snapshot()
    verdict = compare(entries, _own(holdings_by_api(given.url, key, given.form), entries))
    print(verdict)
    return 0 if verdict.ok else 1


def _send(given: argparse.Namespace, ledger: Ledger) -> int:
    seed = SystemRandom().randrange(10**9)
    load = Load(given.count, seed, form=given.form, rate_per_s=given.rate, repeats=0.1)
    print(f"seed {seed}: sending {given.count} submissions", flush=True)
    LoadClient(given.url.rstrip("/"), load, ledger).run(timeout_s=SEND_LIMIT_S)
    print(", ".join(f"{ledger.count(outcome)} {outcome}" for outcome in ("acked", "rejected", "unknown")))
    return 0 if ledger.count("acked") else 1


def _own(holdings: Holdings, entries: list[Entry]) -> Holdings:
    ids = {submission_id for entry in entries for submission_id in entry.ids}
    hashes = {entry.sha256 for entry in entries}
    return replace(holdings, stored=[row for row in holdings.stored if row.id in ids or row.sha256 in hashes])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.ledger", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", choices=["send", "check"])
    parser.add_argument("--url", required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--form", default="signup")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--rate", type=float, default=50.0, help="submissions a second")
    parser.add_argument("--api-key-file", type=Path, help="needed to check")
    given = parser.parse_args()
    if given.verb == "check" and given.api_key_file is None:
        parser.error("check needs --api-key-file")
    return given


if __name__ == "__main__":
    sys.exit(main())
