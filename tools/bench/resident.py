"""Measures how much memory processes use."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dev.processes import descendants

SAMPLE_EVERY_S = 0.25


class Resident:
    """The most that the largest process at or below each pid had resident, while it was watched, in MB."""

    def __init__(self, pids: list[int]) -> None:
        self._pids = pids
        self.most_mb = [0.0 for _ in pids]

    def sample(self) -> None:
        """Look once."""
        for number, pid in enumerate(self._pids):
            found = max((_resident_mb(each) for each in (pid, *descendants(pid))), default=0.0)
            self.most_mb[number] = max(self.most_mb[number], found)


@contextmanager
def watched(*pids: int) -> Iterator[Resident]:
    """Sample these processes, and those below them, until the end of the `with`."""
    resident, over = Resident(list(pids)), threading.Event()

    def watch() -> None:
        while not over.wait(SAMPLE_EVERY_S):
            resident.sample()

    thread = threading.Thread(target=watch, name="memory", daemon=True)
    thread.start()
    try:
        yield resident
    finally:
        over.set()
        thread.join()
        resident.sample()


def _resident_mb(pid: int) -> float:
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True)
    return int(shown.stdout.strip() or 0) / 1024
