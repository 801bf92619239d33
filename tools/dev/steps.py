"""Runs steps one after the other, names each, and shows progress during long ones."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / ".run"
_SILENCE_S = 5.0


class CannotGoOn(Exception):
    """What was asked for is not possible; the text says why and what to do."""


def say(text: str) -> None:
    """Print a line at once, also where output is not a terminal."""
    print(text, flush=True)


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    say(f"  {what} …")
    start = time.monotonic()
    yield
    say(f"    done in {time.monotonic() - start:.0f} s")


def call(what: str, command: list[str]) -> None:
    """Run a command with its output in .run/prepare.log, telling now and then how far it is.

    Raises `CannotGoOn` with the end of the output when it fails.
    """
    RUN.mkdir(mode=0o700, exist_ok=True)
    log = RUN / "prepare.log"
    log.touch(mode=0o600)
    with doing(what), log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        try:
            _watch(process, log)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    if process.returncode:
        end = "\n".join(_lines(log)[-25:])
        raise CannotGoOn(
            f"{what} failed. The command was\n\n  {' '.join(command)}\n\nand its output ended with\n\n{end}"
        )


def _watch(process: subprocess.Popen[bytes], log: Path) -> None:
    start = time.monotonic()
    while True:
        try:
            process.wait(_SILENCE_S)
        except subprocess.TimeoutExpired:
            say(f"    {time.monotonic() - start:3.0f} s: {(_lines(log) or ['…'])[-1].strip()[:90]}")
        else:
            return


def _lines(log: Path) -> list[str]:
    lines = log.read_text(errors="replace").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("WARNING")]


def leave(error: Exception) -> None:
    """Say what is wrong and end the program."""
    sys.exit(f"\n{error}")
