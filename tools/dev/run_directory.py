"""Holds the directory of `make run`: private, for one run at a time, and cleaned after a killed one.

What a run starts carries the directory in its environment (`MARK`), and so is known to be its own after the run itself
was killed, whatever became of the process ids.
"""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dev.processes import is_alive, poll, send
from dev.steps import CannotGoOn, say

MARK = "COUNTERFOIL_RUN_DIRECTORY"
_GRACE_S = 20.0
_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_PROC = Path("/proc")


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Have the directory for oneself: made where it is missing, private, and used by nobody else.

    Raises `CannotGoOn` where a run has it. What a killed run left running there is ended first.
    """
    make_private(directory)
    with (directory / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotGoOn(f"Counterfoil runs already with its data in {directory}. End it first: Ctrl-C.") from None
        end_leftovers(directory)
        make_private(directory)
        yield


def mark(directory: Path) -> dict[str, str]:
    """Return the variable by which a process is known to belong to this directory, and to no other of that name."""
    found = directory.stat()
    return {MARK: f"{directory}#{found.st_dev}-{found.st_ino}"}


def end_leftovers(directory: Path, grace_s: float = _GRACE_S) -> None:
    """End what a run that was itself killed left running: in order, and by SIGKILL after a while."""
    left = [pid for pid in _marked(directory) if is_alive(pid)]
    if not left:
        return
    say(f"  A run in {directory} was killed: ending what is left of it, {len(left)} processes …")
    send(left, signal.SIGTERM)
    if not poll(lambda: not any(map(is_alive, left)), grace_s, every_s=0.25):
        send(_marked(directory), signal.SIGKILL)
        poll(lambda: not any(map(is_alive, left)), timeout_s=10)


def make_private(directory: Path) -> None:
    """Make the directory, and take every right to it and to all in it from others; raises `CannotGoOn`."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in (directory, *directory.rglob("*")):
            with suppress(FileNotFoundError):
                mode = path.lstat().st_mode
                if mode & _FOR_OTHERS and not stat.S_ISLNK(mode):
                    path.chmod(stat.S_IMODE(mode) & ~_FOR_OTHERS)
        (directory / "lock").open("a+").close()
    except PermissionError as error:
        raise CannotGoOn(
            f"{error.filename} belongs to another user: was Counterfoil run with sudo?\n"
            f"Make all of it yours: sudo chown -R {os.getuid()} {directory}"
        ) from None


def _marked(directory: Path) -> list[int]:
    wanted = "=".join(*mark(directory).items())
    found = _by_proc(wanted) if (_PROC / "self" / "environ").exists() else _by_ps(wanted)
    return [pid for pid in found if pid != os.getpid()]


def _by_proc(wanted: str) -> list[int]:
    found = []
    for process in _PROC.iterdir():
        with suppress(OSError, ValueError):
            if os.fsencode(wanted) in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
    return found


def _by_ps(wanted: str) -> list[int]:
    """Ask `ps`, which shows the environment behind the command (-E, on macOS)."""
    command = ["ps", "-A", "-E", "-ww", "-o", "pid=,command="]
    table = subprocess.run(command, capture_output=True, text=True, errors="replace").stdout
    return [int(line.split(None, 1)[0]) for line in table.splitlines() if f" {wanted} " in f"{line} "]
