"""Lets a test make a process die, or fail, at a named point of the code."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeAlias

Reach: TypeAlias = Callable[[str], None]
"""Called with a failpoint's name whenever the code reaches it."""


class Injected(Exception):
    """The artificial error that a failpoint raises when a test asks for it."""


def ignore(_name: str) -> None:
    """Reach a failpoint where none is set."""


def from_environment() -> Reach:
    """Return a function that kills the process, as kill -9 does, at the point that `COUNTERFOIL_FAILPOINT` names.

    `<name>:raise` raises `Injected` there instead, each time. Without the variable it is `ignore`.
    """
    chosen, _, how = os.environ.get("COUNTERFOIL_FAILPOINT", "").partition(":")
    if not chosen:
        return ignore

    def reach(name: str) -> None:
        if name == chosen and how == "raise":
            raise Injected(name)
        if name == chosen:
            os._exit(137)

    return reach
