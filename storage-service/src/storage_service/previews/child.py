"""Starts the process that draws a preview, and takes what it drew."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress

WALL_S = 20.0
"""How long a process may take, on a machine that has other work, too. Its own time is bounded by itself."""

_COMMAND = (sys.executable, "-I", "-m", "storage_service.previews")


class Crowded(Exception):
    """It did not come to its end in time: that says nothing of the picture."""


def drawn(pieces: Iterable[bytes], *, most: int, wall_s: float = WALL_S) -> bytes | None:
    """Return the small picture of a file, None where there is none; raises `Crowded`, and what `pieces` raises."""
    late = threading.Event()
    process = subprocess.Popen(  # noqa: S603 - the command is ours
        _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, close_fds=True
    )

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(wall_s, end)
    timer.start()
    try:
        made = _fed(process, pieces, most)
        ended = process.wait()
    except BaseException:
        process.kill()
        raise
    finally:
        timer.cancel()
        _closed(process)
    if late.is_set():
        raise Crowded
    return made if ended == 0 and made and len(made) <= most else None


def _fed(process: subprocess.Popen[bytes], pieces: Iterable[bytes], most: int) -> bytes:
    assert process.stdin is not None  # noqa: S101 - they are pipes
    assert process.stdout is not None  # noqa: S101
    with suppress(BrokenPipeError):  # it has had enough
        for piece in pieces:
            if process.poll() is not None:  # what it does not read any more may lie in a buffer of ours
                break
            process.stdin.write(piece)
        process.stdin.close()
    return process.stdout.read(most + 1)


def _closed(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    process.wait()
