"""Whether a process lives, and whether it is ready: two questions with two consequences.

What does not live is restarted, so only what a restart mends may count: threads that do not turn. A database or a
broker that is away is no reason. What is not ready gets no traffic, and holds up an update.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

Check: TypeAlias = Callable[[], list[str]]
"""Returns what is wrong, in words for an operator; nothing where all is well. Never blocks."""


@dataclass(frozen=True, slots=True)
class Report:
    """Whether all is well, and what is wrong or might be better."""

    ok: bool
    problems: tuple[str, ...] = ()


class Health(Protocol):
    """Answers for a process, or for several that are one service."""

    def live(self) -> Report:
        """Say whether its threads turn."""

    def ready(self) -> Report:
        """Say whether it can do its work."""


@dataclass(frozen=True, slots=True)
class ProcessHealth:
    """The health of this process: `stuck` says what only a restart would mend, `missing` what its work needs."""

    stuck: Sequence[Check]
    missing: Sequence[Check]

    def live(self) -> Report:
        """Say whether its threads turn."""
        return _report(self.stuck)

    def ready(self) -> Report:
        """Say whether it can do its work."""
        return _report(self.missing)


def _report(checks: Sequence[Check]) -> Report:
    problems = tuple(dict.fromkeys(problem for check in checks for problem in check()))
    return Report(not problems, problems)
