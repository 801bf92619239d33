"""Runs `make run` on a terminal of its own, as a person would have it."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pytest

from dev.processes import descendants, free_port
from support.polling import eventually
from support.service import ROOT, clean_environment

READY_S = 90


class Runner:
    """`python -m dev.run` on a pseudo-terminal of its own, as a person would have it."""

    def __init__(self, directory: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._log = directory.with_suffix(f".{os.urandom(3).hex()}.log")
        self._terminal, theirs = os.openpty()
        with self._log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dev.run", "--directory", str(directory)],
                cwd=ROOT,
                env=clean_environment() | {"PORT": str(port), "MAIL_PORT": str(free_port())},
                stdin=theirs,
                stdout=out,
                stderr=subprocess.STDOUT,
                preexec_fn=_take_terminal,  # noqa: PLW1509 - no threads in this test
            )
        os.close(theirs)

    @property
    def output(self) -> str:
        """Everything it has printed."""
        return self._log.read_text(errors="replace")

    def await_ready(self) -> list[int]:
        """Wait until it says that all is ready; returns the ids of all its processes."""

        def is_ready() -> bool:
            if self.process.poll() is not None:
                pytest.fail(f"it ended:\n{self.output}")
            return "Counterfoil is ready" in self.output

        eventually(is_ready, READY_S, "it is ready")
        return [self.process.pid, *descendants(self.process.pid)]

    def first_link(self) -> str:
        """Return the first address that it has printed of those to open."""
        return str(re.findall(r"http://\S+", self.output.partition("Counterfoil is ready")[2])[0])

    def end(self) -> None:
        """End it in order, and show what it said."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        self.close_terminal()
        print(self.output)

    def pid_of(self, module: str) -> int:
        """Return the process id of `python -m <module>` below it; options and paths may follow, and no other word."""
        table = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,command="], capture_output=True, text=True).stdout
        commands = dict(line.split(None, 1) for line in table.splitlines())
        ours = [pid for pid in descendants(self.process.pid) if str(pid) in commands]
        return next(pid for pid in ours if re.search(rf"-m {module}( [/-]|$)", commands[str(pid)]))

    def close_terminal(self) -> None:
        """Close the window it runs in."""
        terminal, self._terminal = self._terminal, -1  # a number that is closed may be somebody else's by now
        with suppress(OSError):
            os.close(terminal)


def _take_terminal() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup, the tests ignore it, and so would what they start
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
