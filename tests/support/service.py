"""Runs one real service as a process that a test can kill, freeze and start again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dev.processes import descendants, freeze, is_alive, send, tail
from support.pace import Patience, stretched_s
from support.warm import WarmProcess, run_warm

ROOT = Path(__file__).resolve().parents[2]


_WARM = {"storage_service", "notify_service"}
"""What may be a fork: the gateway may not, whose parent chooses before it imports how its workers are measured."""

_LOOK_S = 0.02
"""How often is looked whether something has come."""


class Service:
    """`python -m <module> [argument …]` with settings of its own; nothing else called COUNTERFOIL_… reaches it.

    It begins as a fork, see `warm`, unless `is_fresh`.
    """

    def __init__(
        self,
        name: str,
        module: str,
        settings: Mapping[str, str],
        log: Path,
        arguments: Sequence[str] = (),
        *,
        is_fresh: bool = False,
    ) -> None:
        self.name = name
        self.log = log
        self._module = module
        self._settings = dict(settings)
        self._arguments = tuple(arguments)
        self._is_fresh = is_fresh or module not in _WARM
        self._process: subprocess.Popen[bytes] | WarmProcess | None = None

    @property
    def pid(self) -> int:
        """The id of the process that was started last."""
        assert self._process, f"{self.name} was never started"
        return self._process.pid

    def start(self, **settings: str) -> None:
        """Start it and return at once; `settings` are added for this one start (`COUNTERFOIL_FAILPOINT="…"`)."""
        assert not self.is_running(), f"{self.name} is running already"
        environment = clean_environment(self.inherited()) | self._settings | settings
        if not self._is_fresh:
            logs = [self.log, self.log]
            self._process = WarmProcess(
                self._module, self._arguments, environment=environment, folder=ROOT, printed=logs
            )
            return
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module, *self._arguments],
                env=environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def inherited(self) -> Mapping[str, str]:
        """Return the variables that it is started with, beside its settings."""
        return os.environ

    def is_running(self) -> bool:
        """Say whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def await_up(self, is_up: Callable[[], bool], timeout_s: float) -> None:
        """Wait until it is up; fails with the end of its log, at once where it has ended instead."""
        is_decided = _comes(lambda: not self.is_running() or is_up(), timeout_s)
        assert self.is_running(), f"{self.name} has ended with {self.wait(timeout_s=1)}\n{self.tail()}"
        assert is_decided, f"{self.name} is not up after {timeout_s:g} s\n{self.tail()}"

    def has_ended(self, timeout_s: float) -> bool:
        """Wait until it has ended, and say whether it did within `timeout_s`."""
        return _comes(lambda: not self.is_running(), timeout_s)

    def workers(self) -> list[int]:
        """Return the ids of the processes below it: the gateway's workers."""
        return descendants(self.pid)

    def kill(self) -> None:
        """End it and all of its workers with SIGKILL."""
        freeze([self.pid])  # or it begins another worker meanwhile, which lives on and listens
        pids = [self.pid, *self.workers()]
        send(pids, signal.SIGKILL)
        self.wait(timeout_s=10)
        assert _comes(lambda: not any(map(is_alive, pids)), timeout_s=10), f"{self.name} survived SIGKILL"

    def terminate(self) -> None:
        """Send SIGTERM and return at once."""
        send([self.pid], signal.SIGTERM)

    def stop(self, timeout_s: float = 30) -> int:
        """Send SIGTERM, wait until it has ended and return its exit code."""
        self.terminate()
        return self.wait(timeout_s)

    def wait(self, timeout_s: float) -> int:
        """Wait until it has ended and return its exit code; fails after `timeout_s`."""
        assert self._process
        assert self.has_ended(timeout_s), f"{self.name} did not end within {timeout_s:g} s\n{self.tail()}"
        return self._process.wait(timeout_s)

    def restart(self, **settings: str) -> None:
        """End it with SIGKILL if it runs, and start it again."""
        if self.is_running():
            self.kill()
        self.start(**settings)

    def pause(self) -> None:
        """Freeze it and its workers (SIGSTOP)."""
        freeze([self.pid, *self.workers()])

    def resume(self) -> None:
        """Let it go on after `pause`."""
        send([*self.workers(), self.pid], signal.SIGCONT)

    def tail(self, lines: int = 60) -> str:
        """Return the end of its log."""
        return tail(self.log, lines)


def _comes(check: Callable[[], bool], timeout_s: float) -> bool:
    patience = Patience(timeout_s)
    while not (comes := check()) and not patience.is_over():
        patience.rest(_LOOK_S)
    return comes


def clean_environment(inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment without any setting of Counterfoil's, or of OpenTelemetry's."""
    return {name: value for name, value in inherited.items() if not name.startswith(("COUNTERFOIL_", "OTEL_"))}


def run(module: str, *arguments: str, settings: Mapping[str, str], exit_code: int = 0) -> str:
    """Run `python -m <module> …` to its end and return what it prints; fails if it ends otherwise than expected."""
    environment = clean_environment() | dict(settings)
    done = run_warm(module, arguments, environment=environment, folder=ROOT, timeout_s=stretched_s(120))
    assert done.returncode == exit_code, f"python -m {module} {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}"
    return done.stdout
