"""What private servers of test runs have in common, which are a process each: how one is started, frozen and ended."""

from __future__ import annotations

import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from dev.processes import StartFailed, await_start, by_the_real_clock, end, freeze, send


class Server(ABC):
    """A server of one process; its data and its log lie below `directory`. Started again, it has its ports."""

    NAME: ClassVar[str]
    START_TIMEOUT_S: ClassVar[float] = 30
    ENDED_BY: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return what is run, and write the files that it reads: `directory` is there."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Say whether it does its work now."""

    @property
    def pid(self) -> int:
        """Its process id; raises `StartFailed` when it was not started."""
        if self._process is None:
            raise StartFailed(f"{self.NAME} is not running")
        return self._process.pid

    def start(self) -> None:
        """Start and wait until it is ready; raises `StartFailed` with the end of its log."""
        self.directory.mkdir(parents=True, exist_ok=True)
        log = self.directory / f"{self.NAME.lower()}.log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.directory,
                env=by_the_real_clock(),  # by libfaketime some do not start
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        await_start(self.NAME, self._process, self.is_ready, log, self.START_TIMEOUT_S)

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None:
            end(self._process, self.ENDED_BY)
            self._process = None

    def pause(self) -> None:
        """Freeze it (SIGSTOP): connections stay open, nothing answers."""
        freeze([self.pid])

    def resume(self) -> None:
        """Let it go on after `pause`."""
        send([self.pid], signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
