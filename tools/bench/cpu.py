"""Measures how much processor time processes have used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dev.processes import descendants

_TICKS_A_S = os.sysconf("SC_CLK_TCK")


def spent_s(pid: int) -> float:
    """Return what a process, and all below it, have used so far, in seconds; nothing where there is no /proc."""
    return sum(map(_spent_s, (pid, *descendants(pid))))


class Meter:
    """Counts, from here on, what some parts use: process ids by the name of the part."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._before = {part: spent_s(pid) for part, pid in pids.items()}

    def each_us(self, submissions: float) -> dict[str, float]:
        """Return what each part has used for each of so many submissions, in microseconds of a core.

        A part of which nothing is known is left out, and all of them where there are no submissions.
        """
        used = {part: spent_s(pid) - self._before[part] for part, pid in self._pids.items()}
        return {part: 1e6 * seconds / submissions for part, seconds in used.items() if seconds > 0 and submissions}


def _spent_s(pid: int) -> float:
    try:
        # the name in parentheses may hold spaces; utime, stime, cutime and cstime are fields 14 to 17: proc(5)
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS_A_S
