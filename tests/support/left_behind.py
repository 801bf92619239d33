"""What a process of a run leaves behind that dies in the middle of a test: servers and whole installations, which
would keep the processors busy until the end of the run, and longer."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def kill_what_has(environment: Mapping[str, str]) -> int:
    """Kill every process that was started with these variables, and return how many."""
    wanted = {f"{name}={value}".encode() for name, value in environment.items()}
    killed = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if wanted <= set((process / "environ").read_bytes().split(b"\0")):
                os.kill(int(process.name), signal.SIGKILL)
                killed += 1
    return killed
