"""Starts and ends child processes, finds free ports, and waits with a deadline."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

_PORTS = range(20_000, 32_000)
"""Below the ephemeral range of Linux (32768) and macOS (49152): a client that reconnects to a stopped server must not
get the server's own port as its source port, because TCP would then connect it to itself."""

_PORTS_APART = 211
_ports_given = itertools.count()


class StartFailed(Exception):
    """A server did not come up; the text says which, and shows the end of its log."""


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on now, and another one at the next call.

    It may take its user seconds to listen there: so each process goes through the ports from a place of its own.
    """
    first = os.getpid() * _PORTS_APART
    for _ in _PORTS:
        port = _PORTS[(first + next(_ports_given)) % len(_PORTS)]
        if is_free(port):
            return port
    raise StartFailed(f"no free port between {_PORTS.start} and {_PORTS.stop}")


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Say whether one could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def poll(check: Callable[[], bool], timeout_s: float, every_s: float = 0.05) -> bool:
    """Return True as soon as `check` does, False when `timeout_s` have passed."""
    deadline = time.monotonic() + timeout_s
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True


def tail(log: Path, lines: int = 30) -> str:
    """Return the last lines of a log, or a word about its absence."""
    if not log.exists():
        return f"({log} was never written)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def await_start(
    name: str, process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path, timeout_s: float
) -> None:
    """Wait until `ready`; raises `StartFailed` when the process ends first or `timeout_s` have passed."""
    if poll(lambda: process.poll() is not None or ready(), timeout_s) and process.poll() is None:
        return
    reason = f"was not ready after {timeout_s:.0f} s" if process.poll() is None else f"ended with {process.returncode}"
    end(process, signal.SIGKILL)
    raise StartFailed(f"{name} {reason}; the end of {log}:\n{tail(log)}")


def end(process: subprocess.Popen[bytes] | None, sign: signal.Signals, timeout_s: float = 30) -> None:
    """Send a signal and wait until the process is gone, with SIGKILL when `timeout_s` have passed."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(sign)
    process.send_signal(signal.SIGCONT)
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout_s)


def ending(code: int) -> str:
    """Say how a process ended, by its return code."""
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended by itself with {code}"


def by_the_real_clock() -> dict[str, str]:
    """Return this process's variables without those by which `make test-clock` shifts a clock.

    For programs that cannot bear it, of others only: ours have to.
    """
    shifting = {"LD_PRELOAD", "DYLD_INSERT_LIBRARIES"} if "FAKETIME" in os.environ else set()
    return {name: value for name, value in os.environ.items() if name not in shifting}


def descendants(pid: int) -> list[int]:
    """Return the ids of all processes below this one, as `ps` knows them."""
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    children: dict[int, list[int]] = {}
    for child, parent in (map(int, line.split()) for line in table.splitlines()):
        children.setdefault(parent, []).append(child)
    found = list(children.get(pid, []))
    for child in found:
        found.extend(children.get(child, []))
    return found


def send(pids: list[int], sign: signal.Signals) -> None:
    """Send a signal to each of these processes that still lives."""
    for pid in pids:
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            continue


def freeze(pids: list[int], timeout_s: float = 10) -> None:
    """Send SIGSTOP to each of these processes, and wait until all their threads stand still.

    The signal reaches a thread that runs on another processor only after a moment, in which it may still answer.
    """
    send(pids, signal.SIGSTOP)
    if not poll(lambda: not any(map(_is_running, pids)), timeout_s, every_s=0.002):
        raise TimeoutError(f"processes {pids} still run {timeout_s:.0f} s after SIGSTOP")


def _is_running(pid: int) -> bool:
    shown = subprocess.run(["ps", "-L", "-p", str(pid), "-o", "stat="], capture_output=True, text=True)
    return any(state[:1] not in "TtZX" for state in shown.stdout.split())


def is_alive(pid: int) -> bool:
    """Say whether this process exists and is not a zombie."""
    shown = subprocess.run(["ps", "-p", str(pid), "-o", "stat="], capture_output=True, text=True)
    return bool(shown.stdout.strip()) and not shown.stdout.strip().startswith("Z")
