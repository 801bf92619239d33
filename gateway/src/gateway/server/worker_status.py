"""Keeps what the workers of one gateway tell about themselves, in files of a directory that they share."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from shared.telemetry.health import Health, Report

TELL_EVERY_S = 1.0
SILENT_AFTER_S = 15.0
"""How long a worker may say nothing before it counts as stuck."""


@dataclass(frozen=True, slots=True)
class Status:
    """What one worker told last; `at_s` is by the monotonic clock, which all processes of a machine share."""

    pid: int
    at_s: float
    stuck: tuple[str, ...]
    missing: tuple[str, ...]


def keep_telling(directory: Path, health: Health, sample: Callable[[], None]) -> None:
    """Write this worker's status from now on, each second, and call `sample` before."""

    def tell_on() -> None:
        while True:
            sample()
            with suppress(OSError):  # without room for it, the worker falls silent
                _write(directory, health)
            time.sleep(TELL_EVERY_S)

    threading.Thread(target=tell_on, name="status", daemon=True).start()


def _write(directory: Path, health: Health) -> None:
    pid = os.getpid()
    told = {"at_s": time.monotonic(), "stuck": health.live().problems, "missing": health.ready().problems}
    written = directory / f"status-{pid}.new"
    written.write_text(json.dumps(told))
    written.replace(directory / f"status-{pid}.json")


def statuses(directory: Path) -> list[Status]:
    """Return what each worker that lives told last; what the dead told is removed, their gauges too."""
    found: list[Status] = []
    for path in directory.glob("status-*.json"):
        pid = int(path.stem.partition("-")[2])
        if _is_alive(pid):
            with suppress(FileNotFoundError):
                told = json.loads(path.read_text())
                found.append(Status(pid, told["at_s"], tuple(told["stuck"]), tuple(told["missing"])))
        else:
            with suppress(FileNotFoundError):  # another request does the same
                mark_process_dead(pid, str(directory))  # type: ignore[no-untyped-call]
            path.unlink(missing_ok=True)
    return found


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class WorkersHealth:
    """The health of a gateway: it lives while none of its workers is stuck, and is ready while one of them is."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def live(self) -> Report:
        """Say whether every worker's threads turn; one that has not begun yet counts for nothing."""
        now_s = time.monotonic()
        problems: list[str] = []
        for status in statuses(self._directory):
            silent_s = now_s - status.at_s
            told = [f"silent for {silent_s:.0f} s"] if silent_s > SILENT_AFTER_S else status.stuck
            problems += [f"worker {status.pid}: {problem}" for problem in told]
        return Report(not problems, tuple(problems))

    def ready(self) -> Report:
        """Say whether some worker can confirm: those that cannot are named, and a submission is worth trying."""
        workers = statuses(self._directory)
        if not workers:
            return Report(ok=False, problems=("no worker has started yet",))
        problems = [f"worker {worker.pid}: {problem}" for worker in workers for problem in worker.missing]
        return Report(any(not worker.missing for worker in workers), tuple(problems))


def registry_of(directory: Path) -> CollectorRegistry:
    """Return the metrics of all workers together: counts of the dead, too, and gauges of the living."""
    registry = CollectorRegistry()
    registry.register(_Workers(directory))
    return registry


class _Workers(Collector):
    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def collect(self) -> Iterable[Metric]:
        statuses(self._directory)
        together = MultiProcessCollector(None, str(self._directory))  # type: ignore[no-untyped-call]
        return together.collect()  # type: ignore[no-untyped-call, no-any-return]

    def describe(self) -> Iterable[Metric]:
        return ()
