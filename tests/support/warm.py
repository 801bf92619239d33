"""Runs commands in processes of their own that need not import everything again: each is a fork of one that has.

A command needs a second of the processor to import what it uses, and hundreds are run. Nothing happens at import, so a
fork does what a fresh process does; each has its own environment, arguments, folder, output and end. What a service
forgets to import is found by the tests of whole installations, which start fresh processes.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.process import current_process
from pathlib import Path

_MODULES = [
    *(
        f"storage_service.commands.{name}"
        for name in ("erase", "hook", "import_", "key", "parked", "retention", "seal")
    ),
    *(f"storage_service.commands.{name}" for name in ("console", "files", "index", "migrate", "resend", "run", "user")),
    *(f"notify_service.commands.{name}" for name in ("deliveries", "migrate", "parked", "plan", "run")),
    "counterfoil_cli.program",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
]


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def run_warm(
    module: str,
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    timeout_s: float,
    said: str = "",
) -> Done:
    """Run `python -m <module> …` to its end; `said` is its standard input. Raises `TimeoutError`."""
    with tempfile.TemporaryDirectory() as made:
        spoken, *printed = (Path(made, name) for name in ("stdin", "stdout", "stderr"))
        spoken.write_text(said, "utf-8")
        process = WarmProcess(module, arguments, environment=environment, folder=folder, printed=printed, spoken=spoken)
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise TimeoutError(str(error)) from None
        return Done(code, *(one.read_text("utf-8") for one in printed))


class WarmProcess:
    """`python -m <module> …` that runs, in a session of its own; as much of `subprocess.Popen` as tests need.

    `printed` are the files that take, at their ends, what it prints: to standard output, and to standard error;
    `spoken` is what it reads.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        printed: Sequence[Path],
        spoken: Path = Path(os.devnull),
    ) -> None:
        self._called = " ".join(["python -m", module, *arguments])
        files = [str(one) for one in (spoken, *printed)]
        given = (module, [*arguments], dict(environment), str(folder), files)
        # A daemon: one that a test forgets is ended with the tests, which would else wait for it.
        self._process: ForkServerProcess = _server().Process(target=_be, args=given, daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """The id of the process."""
        assert self._process.pid
        return self._process.pid

    def poll(self) -> int | None:
        """Return its exit code, below zero for a signal; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout_s: float) -> int:
        """Return its exit code once it has ended; raises `TimeoutExpired`."""
        self._process.join(timeout_s)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired(self._called, timeout_s)
        return code

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._process.kill()
        self._process.join()


@cache
def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_MODULES)
    return context


def _be(module: str, arguments: list[str], environment: dict[str, str], folder: str, files: list[str]) -> None:
    os.setsid()
    spoken, *printed = files
    os.dup2(os.open(spoken, os.O_RDONLY), 0)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as it runs
    for number, name in enumerate(printed, start=1):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    current_process()._config.pop("daemon", None)  # type: ignore[attr-defined]  # it may have children, as any other
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
