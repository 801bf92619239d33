"""Failpoints: places where a process can be told to die, or to fail, so that tests can make it do so exactly there."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeAlias

Reach: TypeAlias = Callable[[str], None]
"""Called with a failpoint's name whenever the code reaches it."""


class Injected(Exception):
    """A bug that is not there: what code raises at a failpoint that was told to."""


def ignore(_name: str) -> None:
    """Reach a failpoint where none is set."""


def from_environment() -> Reach:
    """Return what dies, as kill -9 would, at the point that `COUNTERFOIL_FAILPOINT` names; `ignore` without one.

    `<name>:raise` raises `Injected` there instead, each time.
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
