"""Kills, freezes and stops our own processes."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal

from support.polling import eventually
from support.service import Service


@dataclass
class ServiceKilled:
    """It and its workers end with SIGKILL; somebody starts it again."""

    service: Service
    kills: int = 0

    def inject(self) -> None:
        """Kill it."""
        self.service.kill()
        self.kills += 1

    def heal(self) -> None:
        """Start it again."""
        if not self.service.is_running():
            self.service.start()

    def evidence(self) -> dict[str, int]:
        """Return how often it was killed."""
        return {"kills": self.kills}


@dataclass
class ServiceFrozen:
    """It stands still (SIGSTOP), its connections open."""

    service: Service
    times: int = 0

    def inject(self) -> None:
        """Freeze it."""
        self.service.pause()
        self.times += 1

    def heal(self) -> None:
        """Let it go on."""
        self.service.resume()

    def evidence(self) -> dict[str, int]:
        """Return how often it was frozen."""
        return {"freezes": self.times}


@dataclass
class WorkerKilled:
    """One worker of the gateway ends with SIGKILL, the one that has lived longest; the gateway replaces it itself.

    A worker that dies within seconds of its start is taken for a crash loop, which ends the gateway
    (docs/decisions/0002-wsgi-server.md).
    """

    gateway: Service
    seed: int
    kills: int = 0
    _order: list[int] = field(default_factory=list)
    _before: list[int] = field(default_factory=list)

    def inject(self) -> None:
        """Kill it."""
        self._before = self.gateway.workers()
        self._order = [pid for pid in self._order if pid in self._before]
        new = [pid for pid in self._before if pid not in self._order]
        Random(self.seed).shuffle(new)  # noqa: S311 - a seeded fault, not a secret
        self._order += new
        os.kill(self._order.pop(0), signal.SIGKILL)
        self.kills += 1

    def heal(self) -> None:
        """Wait until it is replaced."""
        eventually(self._is_replaced, 30, "a new worker")

    def evidence(self) -> dict[str, int]:
        """Return how many were killed."""
        return {"worker kills": self.kills}

    def _is_replaced(self) -> bool:
        assert self.gateway.is_running(), f"the gateway is gone\n{self.gateway.tail()}"
        now = self.gateway.workers()
        return len(now) == len(self._before) and set(now) != set(self._before)


@dataclass
class Starved:
    """It may have no more file descriptors than `limit`, or no more memory than `limit` bytes beyond what it has.

    The limit is that of each process (prlimit), so Linux alone has this fault.
    """

    service: Service
    what: Literal["files", "memory"]
    limit: int
    times: int = 0
    _before: dict[int, tuple[int, int]] = field(default_factory=dict)

    def inject(self) -> None:
        """Set the limit."""
        for pid in self.service.workers():
            self._before[pid] = resource.prlimit(pid, self._kind)
            limit = self.limit if self.what == "files" else _size_bytes(pid) + self.limit
            resource.prlimit(pid, self._kind, (limit, self._before[pid][1]))
            self.times += 1

    def heal(self) -> None:
        """Lift it for those that still live."""
        for pid, before in self._before.items():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, self._kind, before)
        self._before.clear()

    def evidence(self) -> dict[str, int]:
        """Return how many processes had the limit."""
        return {f"processes short of {self.what}": self.times}

    def has_no_file_left(self) -> bool:
        """Say whether every process has as many descriptors open as it may."""
        return all(sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()) >= self.limit for pid in self._before)

    @property
    def _kind(self) -> int:
        return resource.RLIMIT_NOFILE if self.what == "files" else resource.RLIMIT_AS


def _size_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    return pages * resource.getpagesize()
