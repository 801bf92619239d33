"""Submits at a given rate, and remembers when each submission was answered."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from threading import Lock, Thread

from bench.rounds import BenchFailed

CONNECTIONS = 16
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Answered:
    """One submission that was accepted, when its 202 had come, in seconds since the epoch, and how long that took."""

    id: str
    email: str
    at_s: float
    took_s: float


class Visitors:
    """Submits the serial numbers from `first` on, so many a second; `rate_per_s` None is as fast as it goes."""

    def __init__(self, port: int, first: int, count: int, rate_per_s: float | None) -> None:
        self._port = port
        self._first = first
        self._rate_per_s = rate_per_s
        self._serials: Iterator[int] = iter(range(first, first + count))
        self._lock = Lock()
        self._began_s = 0.0
        self._refused = 0
        self.answered: list[Answered] = []

    def run(self) -> list[Answered]:
        """Submit all of them, and return them; raises `BenchFailed` where one was not answered with 202."""
        self._began_s = time.monotonic()
        threads = [Thread(target=self._visit, daemon=True) for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._refused:
            raise BenchFailed(f"{self._refused} submissions were not accepted")
        return self.answered

    def _visit(self) -> None:
        line = HTTPConnection("127.0.0.1", self._port, timeout=30)
        while (serial := self._next()) is not None:
            self._pace(serial)
            email = f"ada-{serial}@example.org"
            began_s = time.monotonic()
            line.request("POST", "/f/signup", json.dumps({"name": "Ada Lovelace", "email": email}), _HEADERS)
            answer = line.getresponse()
            body = answer.read()
            took_s = time.monotonic() - began_s
            if answer.status == 202:
                self.answered.append(Answered(json.loads(body)["id"], email, time.time(), took_s))
            else:
                self._refused += 1
        line.close()

    def _next(self) -> int | None:
        with self._lock:
            return next(self._serials, None)

    def _pace(self, serial: int) -> None:
        if self._rate_per_s is not None:
            due_s = self._began_s + (serial - self._first) / self._rate_per_s
            time.sleep(max(0.0, due_s - time.monotonic()))
