"""Measures the memory of processes over time, and says whether it is bounded."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from dev.processes import descendants

GROWTH_MOST = 1.1
SLACK_MB = 16
FEWEST = 60
"""Samples below which nothing is known: a process that has just started still grows into its work."""


class Memory:
    """Samples of what named processes have resident, they and those below them. Nothing where there is no /proc."""

    def __init__(self) -> None:
        self._samples: dict[str, list[int]] = defaultdict(list)

    def sample(self, pids: dict[str, int]) -> None:
        """Note how much each has now, in MB."""
        for name, pid in pids.items():
            self.note(name, sum(_resident_mb(each) for each in (pid, *descendants(pid))))

    def note(self, name: str, size_mb: int) -> None:
        """Note how much one has, in MB."""
        if size_mb:
            self._samples[name].append(size_mb)

    def lines(self) -> list[str]:
        """Return for each process what it had at the first sample, at a third, at two thirds and at the end, in MB."""
        shown = []
        for name, samples in self._samples.items():
            last = len(samples) - 1
            at = " → ".join(str(samples[last * part // 3]) for part in range(4))
            shown.append(f"{name:<14} {at} MB, at most {max(samples)}")
        return shown

    def swollen(self) -> list[str] | None:
        """Return those that had far more in the last third than before, and so may grow for ever.

        None while there are too few samples to know.
        """
        if max(map(len, self._samples.values()), default=0) < FEWEST:
            return None
        found = []
        for name, samples in self._samples.items():
            third = len(samples) // 3
            before, after = max(samples[: -third or None]), max(samples[-third:])
            if after > before * GROWTH_MOST + SLACK_MB:
                found.append(f"{name}: {before} MB at most, then {after} MB")
        return found


def _resident_mb(pid: int) -> int:
    return _status_mb(pid, "VmRSS")


def _status_mb(pid: int, line_name: str) -> int:
    status = Path(f"/proc/{pid}/status")
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) // 1024 for line in lines if line.startswith(line_name))


def peak_mb(pids: list[int]) -> int:
    """Return the most that any of these processes has ever had resident, in MB; 0 where there is no /proc."""
    return max((_status_mb(pid, "VmHWM") for pid in pids), default=0)
