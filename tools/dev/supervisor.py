"""Runs programs side by side, restarts those that end, and prefixes each line of output with the name."""

from __future__ import annotations

import errno
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from dev.program import Program

_GRACE_S = 15.0
_PAUSE_FIRST_S = 0.5
_PAUSE_MOST_S = 30.0
_STEADY_AFTER_S = 60.0
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_COLOURS = (36, 33, 32, 35, 34)


class Supervisor:
    """Starts programs, and ends all of them.

    Until `bring_back` whatever ends by itself is the end of everything, which `wait` returns: as things are set up it
    cannot run. From then on it is started again, after a pause that doubles from one time to the next, 30 s at most.
    """

    def __init__(self, *, colour: bool, pause_first_s: float = _PAUSE_FIRST_S) -> None:
        self._colour = colour
        self._pause_first_s = pause_first_s
        self._printing = threading.Lock()
        self._names: list[str] = []
        self._programs: list[Program] = []
        self._brings_back = threading.Event()
        self._stopping = threading.Event()
        self._ended: queue.SimpleQueue[str] = queue.SimpleQueue()

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a program and show what it prints."""
        program = Program(command, environment, lambda line: self.say(line, name))
        self._names.append(name)
        self._programs.append(program)
        program.start()
        self.watch(name, program.wait, program.start)

    def watch(self, name: str, wait: Callable[[], str], start: Callable[[], None]) -> None:
        """Care for something that was started elsewhere: `wait` returns how it ended, `start` starts it again."""
        threading.Thread(target=self._care, args=(name, wait, start), daemon=True).start()

    def bring_back(self) -> None:
        """From now on start again what ends by itself."""
        self._brings_back.set()

    def wait(self, timeout_s: float | None = None) -> str | None:
        """Wait until something has ended for good and return what did; None when `timeout_s` have passed."""
        try:
            return self._ended.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def stop(self) -> None:
        """End every program: SIGTERM, and SIGKILL for what is left of it after the grace period."""
        self._stopping.set()
        deadline = time.monotonic() + _GRACE_S
        for program in self._programs:
            program.tell_to_end()
        for program in self._programs:
            program.end(deadline - time.monotonic())

    def say(self, text: str, name: str = "") -> None:
        """Print without cutting into the line of another. A terminal that went away is no reason to stop, and a disk
        that is full none to say no more: what does not fit is lost, but for the last of it."""
        with self._printing:
            try:
                print(f"{self._prefix(name)}{text}" if name else text, flush=True)
            except OSError as error:
                if error.errno in _FULL:
                    return
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _care(self, name: str, wait: Callable[[], str], start: Callable[[], None]) -> None:
        pause_s = self._pause_first_s
        while True:
            began_s = time.monotonic()
            problem = f"{name} {wait()}"
            if self._stopping.is_set():
                return
            if not self._brings_back.is_set():
                self._ended.put(problem)
                return
            if time.monotonic() - began_s > _STEADY_AFTER_S:
                pause_s = self._pause_first_s
            while problem:
                self.say(f"{problem}. It is started again in {pause_s:g} s.")
                if self._stopping.wait(pause_s):
                    return
                pause_s = min(2 * pause_s, _PAUSE_MOST_S)
                problem = _tried(name, start)

    def _prefix(self, name: str) -> str:
        if not self._colour:
            return f"{name:<8} | "
        colour = _COLOURS[self._names.index(name) % len(_COLOURS)]
        return f"\033[{colour}m{name:<8} |\033[0m "


def _tried(name: str, start: Callable[[], None]) -> str:
    """Start something again; returns what came in the way, or nothing."""
    try:
        start()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is said, and tried again
        return f"{name} could not be started again: {error}"
    return ""
