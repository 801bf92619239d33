"""Measures that a try to sign in takes alike whoever it is: `python -m tests.support.sign_in_times`.

What counts is processor time, in rounds: what else the machine does then falls on all alike. Exits with 1 where
somebody's median is apart from the others' by more than `APART`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from storage_service.accounts.accounts import accounts_of
from storage_service.accounts.roles import Grant
from support.accounts import ADMIN, PASSWORD, World
from support.submission_databases import migrated

ROUNDS = 60
APART = 0.15
"""As a share of the median. One hash takes some 30 ms; all else together less than a fifth of that."""

PEOPLE = ("ada@example.org", "nobody@example.org", "ended@example.org", "sso@example.org", "no address")


def main() -> int:
    """Measure, and print what was found."""
    with (
        tempfile.TemporaryDirectory(prefix="counterfoil-times-") as place,
        migrated(f"sqlite:///{Path(place) / 'times.db'}") as engine,
    ):
        world = World(engine)
        passwords = accounts_of(engine).passwords
        ada, ended = world.user(password=None), world.user("ended@example.org", Grant("viewer"), password=None)
        world.user("sso@example.org", password=None)
        for one in (ada, ended):
            passwords.set(one.id, PASSWORD, ADMIN)
        world.accounts.users.end(ended.id, ADMIN)
        signing_in = accounts_of(engine).signing_in
        took = {email: list[float]() for email in PEOPLE}
        for number in range(ROUNDS):
            for place_of, email in enumerate(PEOPLE):
                source = f"10.{number}.{place_of}.1"
                begun = time.thread_time()
                assert passwords.check(email, "a wrong password") is None
                signing_in.refused(email, source, "password")
                took[email].append(time.thread_time() - begun)
    medians = {email: median(times) for email, times in took.items()}
    middle = median(medians.values())
    for email, seconds in medians.items():
        print(f"{email}: {seconds * 1000:.1f} ms of the processor, {seconds / middle - 1:+.1%}", flush=True)
    return int(any(abs(seconds / middle - 1) > APART for seconds in medians.values()))


if __name__ == "__main__":
    sys.exit(main())
