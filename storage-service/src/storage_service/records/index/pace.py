"""Chooses how many rows go into one transaction, so that it is a short one."""

from __future__ import annotations

AIMED_S = 0.02
"""How long a transaction should take. On SQLite everybody else who writes waits for it: 50 ms at most."""

ROWS_MOST = 500


class Pace:
    """Grows slowly, and shrinks at once."""

    def __init__(self) -> None:
        self.rows = 20

    def took(self, rows: int, seconds: float) -> None:
        """Learn how long a transaction of so many rows took."""
        if seconds > AIMED_S:
            self.rows = max(1, min(self.rows, int(rows * AIMED_S / seconds)))
        elif rows >= self.rows and seconds < AIMED_S / 2:
            self.rows = min(ROWS_MOST, self.rows + self.rows // 4 + 1)
