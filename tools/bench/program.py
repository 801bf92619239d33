"""Starts and ends a program that is measured."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.rounds import BenchFailed
from dev.processes import await_start, descendants, end, free_port, freeze, send

ROOT = Path(__file__).parents[2]
START_LIMIT_S = 60
RUN_LIMIT_S = 600


@dataclass(frozen=True, slots=True)
class Running:
    """A program that runs, and the port it listens on, if it does."""

    pid: int
    port: int

    def freeze(self) -> None:
        """Stop it, and those below it, from running on (SIGSTOP)."""
        freeze([self.pid, *descendants(self.pid)])

    def thaw(self) -> None:
        """Let it run on."""
        send([*descendants(self.pid), self.pid], signal.SIGCONT)


@dataclass(frozen=True, slots=True)
class Program:
    """One program. `{port}` in its command and its variables stands for a free port, which it `listens` on."""

    name: str
    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    listens: bool = False

    @contextmanager
    def running(self, directory: Path) -> Iterator[Running]:
        """Run it, its log in `directory`. Raises `StartFailed` if it does not listen, `BenchFailed` if it ended."""
        port = free_port()
        log = directory / f"{self.name.replace(' ', '-').replace('/', '-')}.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                [part.format(port=port) for part in self.command],
                cwd=ROOT,
                env=self._environment(port),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        try:
            if self.listens:
                await_start(self.name, process, lambda: _listens(port), log, START_LIMIT_S)
            yield Running(process.pid, port)
            if process.poll() is not None:
                raise BenchFailed(f"{self.name} ended with {process.returncode}; see {log}")
        finally:
            end(process, signal.SIGTERM)

    def run(self, *arguments: str) -> str:
        """Run it to its end and return what it printed; raises `BenchFailed` with that where it fails."""
        done = subprocess.run(
            [*self.command, *arguments],
            cwd=ROOT,
            env=self._environment(0),
            capture_output=True,
            text=True,
            timeout=RUN_LIMIT_S,
        )
        if done.returncode:
            raise BenchFailed(f"{self.name} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _environment(self, port: int) -> dict[str, str]:
        given = {name: text.format(port=port) for name, text in self.variables.items()}
        return {**os.environ, "PYTHONPATH": str(ROOT / "tools"), **given}


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
