"""Chooses how many rows go into one transaction, so that it is a short one."""

from __future__ import annotations

AIMED_S = 0.1
"""How long a transaction should take: whoever changes or erases one of its submissions waits for it."""

LEAST = 50
"""How many rows go into one, whatever it takes: on a machine that is busy each takes long, and more of them keep it
busier still. One row in each costs five times what 50 do."""

AIMED_ON_SQLITE_S = 0.02
"""Everybody else who writes waits for it there: 50 ms at most."""

ROWS_MOST = 500

REST = 2.0
REST_MOST_S = 2.0
"""How long the next turn waits while more comes in than is put into the index: times as long as one took, and seconds
at most."""


class Pace:
    """Grows slowly, and shrinks at once, but not below `least`."""

    def __init__(self, aimed_s: float = AIMED_S, least: int = LEAST) -> None:
        self.rows = max(20, least)
        self._aimed_s = aimed_s
        self._least = least

    def took(self, rows: int, seconds: float) -> None:
        """Learn how long a transaction of so many rows took."""
        if seconds > self._aimed_s:
            self.rows = max(self._least, min(self.rows, int(rows * self._aimed_s / seconds)))
        elif rows >= self.rows and seconds < self._aimed_s / 2:
            self.rows = min(ROWS_MOST, self.rows + self.rows // 4 + 1)


def rest_s(turn_s: float) -> float:
    """Return for how many seconds to rest after a turn of so many, in which more came in than was put into the index:
    what is stored now is worth more than finding it at once, and the work is put off, not left."""
    return min(REST_MOST_S, REST * turn_s)


def pace_for(dialect: str) -> Pace:
    """Return the pace for a kind of database."""
    return Pace(AIMED_ON_SQLITE_S, 1) if dialect == "sqlite" else Pace()
