"""Sends a load through a running stack's published port, and gives the verdict at the end."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from random import SystemRandom

from support.compose_stack import SMTP_TIMEOUT_S, Stack
from support.ledger import Ledger
from support.ledger_client import Load, LoadClient
from support.ledger_verdict import Allowed, Holdings, compare
from support.polling import eventually

RATE_PER_S = 20.0
MORE_THAN_WILL_BE_SENT = 100_000
SETTLE_LIMIT_S = SMTP_TIMEOUT_S + 240.0
ANSWER_LIMIT_S = 6.0
"""The gateway's three seconds, and as long again for a machine that starts containers meanwhile."""


class Trial:
    """A load on the stack, from the beginning of a test to its verdict."""

    def __init__(self, stack: Stack, directory: Path) -> None:
        self.stack = stack
        self.ledger = Ledger(directory / "ledger.jsonl")
        seed = SystemRandom().randrange(10**6)
        self._known = {row.id for row in stack.stored()}
        self._mailed = stack.mailed()
        self._load = LoadClient(
            stack.url, Load(MORE_THAN_WILL_BE_SENT, seed, rate_per_s=RATE_PER_S, repeats=0.1), self.ledger
        )
        self._load.start()

    def await_more(self, count: int) -> None:
        """Wait until so many more are acked."""
        before = self.ledger.count("acked")
        eventually(lambda: self.ledger.count("acked") >= before + count, 120, f"{count} more are acked")

    def longest_wait_s(self) -> float:
        """Return the longest time between one 202 and the next, in seconds: how long a fault lasted for users."""
        acked = [each.at for each in self.ledger.attempts() if each.outcome == "acked"]
        return max((after - before for before, after in pairwise(acked)), default=0.0)

    def conclude(self, *, duplicate_mails: int) -> None:
        """End the load, wait for rows and mails, and compare."""
        self._load.stop()
        self._load.wait(timeout_s=60)
        eventually(lambda: self.stack.unsettled() == 0, SETTLE_LIMIT_S, "every row is confirmed")
        statuses = {attempt.status for attempt in self.ledger.attempts()}
        assert statuses <= {202, 503}, f"answers: {statuses}"
        rows = [row for row in self.stack.stored() if row.id not in self._known]
        holdings = Holdings(rows, self.stack.mailed() - self._mailed)
        verdict = compare(
            self.ledger.snapshot(), holdings, Allowed(duplicate_mails=duplicate_mails), answer_limit_s=ANSWER_LIMIT_S
        )
        print(verdict)
        assert verdict.ok, str(verdict)
