"""Answers two questions about a process: is it alive, and is it ready?

A process that is not alive is restarted, so only what a restart mends may count: threads that are stuck. A missing
database or broker does not count. A process that is not ready gets no traffic, and holds up an update.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

Check: TypeAlias = Callable[[], list[str]]
"""Returns what is wrong, in words for an operator; nothing where all is well. Never blocks."""


@dataclass(frozen=True, slots=True)
class Report:
    """The answer: yes or no, and the problems."""

    ok: bool
    problems: tuple[str, ...] = ()


class Health(Protocol):
    """Answers for a process, or for several that are one service."""

    def live(self) -> Report:
        """Say whether its threads still run."""

    def ready(self) -> Report:
        """Say whether it can do its work."""


@dataclass(frozen=True, slots=True)
class ProcessHealth:
    """The health of this process: `stuck` names what needs a restart, `missing` what the process waits for."""

    stuck: Sequence[Check]
    missing: Sequence[Check]

    def live(self) -> Report:
        """Say whether its threads still run."""
        return _report(self.stuck)

    def ready(self) -> Report:
        """Say whether it can do its work."""
        return _report(self.missing)


def _report(checks: Sequence[Check]) -> Report:
    problems = tuple(dict.fromkeys(problem for check in checks for problem in check()))
    return Report(not problems, problems)
