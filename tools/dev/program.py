"""Runs one program of `make run` with all its children, and hands on its output line by line."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from dev.processes import ending

_LAST_WORDS_S = 2.0


class Program:
    """A command in a session of its own, so that Ctrl-C reaches only us. It can be started again when it has ended."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], tell: Callable[[str], None]) -> None:
        self._command = command
        self._environment = environment
        self._tell = tell
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._is_over = False

    def start(self) -> None:
        """Start it, unless it was told to end for good."""
        with self._guard:
            if self._is_over:
                return
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
            self._reader.start()

    def wait(self) -> str:
        """Wait until it has ended, end what it left of itself, and return how it ended."""
        process, reader = self._process, self._reader
        if process is None or reader is None:
            return "was not started"
        code = process.wait()
        _kill_group(process)
        reader.join(_LAST_WORDS_S)
        return ending(code)

    def tell_to_end(self) -> None:
        """Ask it to end, and let it not be started again."""
        with self._guard:
            self._is_over = True
            if self._process is not None:
                self._process.terminate()

    def end(self, timeout_s: float) -> None:
        """Wait until it has ended, and kill what is left of it then."""
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(max(0.0, timeout_s))
            _kill_group(self._process)
            self._process.wait()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        for line in process.stdout or ():
            self._tell(line.decode("utf-8", "replace").rstrip())


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
