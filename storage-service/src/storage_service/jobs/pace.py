"""Chooses how many rows go into one step, so that its transaction is a short one."""

from __future__ import annotations

AIMED_S = 0.1
"""How long a step should take: whoever changes one of its submissions waits for it."""

AIMED_ON_SQLITE_S = 0.025
"""The same on SQLite, where everybody else who writes waits for it: 50 ms at most."""

FIRST = 20


class Pace:
    """Follows what steps take, but never to more than half as many rows again, or to fewer than half.

    Most of a small step is its commit, so one that was slow by chance says little of how many rows are too many.
    """

    def __init__(self, rows: int = FIRST, aimed_s: float = AIMED_S) -> None:
        self.rows = rows
        self._aimed_s = aimed_s

    def took(self, rows: int, seconds: float) -> None:
        """Learn how long the transaction of so many rows took, from when it had its lock."""
        fitting = int(rows * self._aimed_s / max(seconds, 0.0001))
        self.rows = max(1, min(max(fitting, self.rows // 2), self.rows + self.rows // 2 + 1))
