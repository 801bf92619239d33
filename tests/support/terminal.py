"""Runs `counterfoil` as people do: as a program, with a home of its own, in a pipe or on a terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from support.service import ROOT, clean_environment
from support.warm import Done, run_warm

PROGRAM = ROOT / ".venv" / "bin" / "counterfoil"
TIMEOUT_S = 60


@dataclass(frozen=True)
class Terminal:
    """`counterfoil` for one person, who knows one installation by the environment, or none."""

    home: Path
    url: str | None = None
    key: str | None = None
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What the program is started with."""
        given = {"COUNTERFOIL_URL": self.url, "COUNTERFOIL_KEY": self.key}
        kept = {name: value for name, value in clean_environment().items() if not name.lower().endswith("_proxy")}
        home = {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / "config"), "TZ": "UTC", "COLUMNS": "120"}
        return kept | home | {name: value for name, value in given.items() if value} | dict(self.more)

    def run(self, *arguments: str, said: str = "", exit_code: int | None = 0) -> Done:
        """Run a command to its end, with standard input, and check its exit code unless that is None."""
        done = self._run_fresh(arguments, said) if self._is_odd else self._run_warm(arguments, said)
        if exit_code is not None:
            assert done.returncode == exit_code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    @property
    def _is_odd(self) -> bool:
        """Whether Python itself is told something, which a fork would be told too late."""
        return any(name.startswith(("PYTHON", "LANG", "LC_")) for name in self.more)

    def _run_warm(self, arguments: Sequence[str], said: str) -> Done:
        return run_warm(
            "counterfoil_cli",
            arguments,
            environment=self.environment,
            folder=self.home,
            timeout_s=TIMEOUT_S,
            said=said,
        )

    def _run_fresh(self, arguments: Sequence[str], said: str) -> Done:
        done = subprocess.run(
            [PROGRAM, *arguments],
            env=self.environment,
            input=said,
            capture_output=True,
            text=True,
            cwd=self.home,
            timeout=TIMEOUT_S,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def start(
        self, *arguments: str, stdout: int | BinaryIO = subprocess.PIPE, stderr: int | BinaryIO = subprocess.PIPE
    ) -> subprocess.Popen[bytes]:
        """Start a command and return at once."""
        return subprocess.Popen(
            [PROGRAM, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            cwd=self.home,
        )

    def on_terminal(self, *arguments: str, typed: bytes = b"", columns: int = 100) -> tuple[int, bytes]:
        """Run a command on a terminal of its own; `typed` is typed when it first says something."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.home)
            os.execve(  # noqa: S606 - a program of ours
                PROGRAM, [str(PROGRAM), *arguments], self.environment | {"COLUMNS": str(columns), "TERM": "xterm"}
            )
        try:
            shown = _shown(terminal, typed)
        finally:
            os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown


def _shown(terminal: int, typed: bytes) -> bytes:
    shown, deadline = b"", time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            part = os.read(terminal, 65536)
        except OSError:  # its other end is closed
            return shown
        if not part:
            return shown
        shown += part
        if typed and part.endswith((b": ", b"]: ")):
            line, _, typed = typed.partition(b"\n")
            os.write(terminal, line + b"\n")
    raise AssertionError(f"it did not end: {shown!r}")
