"""Failpoints: places where a process can be told to die, so that tests can kill it exactly there."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeAlias

Reach: TypeAlias = Callable[[str], None]
"""Called with a failpoint's name whenever the code reaches it."""


def ignore(_name: str) -> None:
    """Reach a failpoint where none is set."""


def from_environment() -> Reach:
    """Return what dies, as kill -9 would, at the point that `COUNTERFOIL_FAILPOINT` names; `ignore` without one."""
    chosen = os.environ.get("COUNTERFOIL_FAILPOINT")
    if not chosen:
        return ignore

    def reach(name: str) -> None:
        if name == chosen:
            os._exit(137)

    return reach
