"""Runs programs side by side until one ends by itself; shows what they print, each line with the program's name."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

_GRACE_S = 15.0
_COLOURS = (36, 33, 32, 35, 34)


class Supervisor:
    """Starts programs, each in a session of its own so that Ctrl-C reaches only us, and ends all of them."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self._printing = threading.Lock()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._ended: queue.SimpleQueue[str] = queue.SimpleQueue()

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a program and show what it prints."""
        self._children[name] = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        threading.Thread(target=self._show, args=(name, self._children[name]), daemon=True).start()

    def watch(self, name: str, wait: Callable[[], object]) -> None:
        """Count on something that somebody else started and ends; `wait` returns when it has ended by itself."""

        def watching() -> None:
            wait()
            self._ended.put(f"{name} ended by itself")

        threading.Thread(target=watching, daemon=True).start()

    def wait(self, timeout_s: float | None = None) -> str | None:
        """Wait until something ends by itself and return what did; None when `timeout_s` have passed."""
        try:
            return self._ended.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def stop(self) -> None:
        """End every program: SIGTERM, and SIGKILL for what is left of it after the grace period."""
        deadline = time.monotonic() + _GRACE_S
        for child in self._children.values():
            child.terminate()
        for child in self._children.values():
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    def say(self, text: str, name: str = "") -> None:
        """Print without cutting into the line of another; a terminal that went away is no reason to stop."""
        with self._printing:
            try:
                print(f"{self._prefix(name)}{text}" if name else text, flush=True)
            except OSError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _show(self, name: str, child: subprocess.Popen[bytes]) -> None:
        for line in child.stdout or ():
            self.say(line.decode("utf-8", "replace").rstrip(), name)
        self._ended.put(f"{name} ended by itself with {child.wait()}")

    def _prefix(self, name: str) -> str:
        if not self._colour:
            return f"{name:<8} | "
        colour = _COLOURS[list(self._children).index(name) % len(_COLOURS)]
        return f"\033[{colour}m{name:<8} |\033[0m "
