"""Says what became of verifying a captcha."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Passed:
    """The challenge was solved. `mark` names it where a token may be written in several ways; None for the token."""

    mark: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The token stands for no solved challenge."""

    reason: str


@dataclass(frozen=True, slots=True)
class Away:
    """Nobody could say."""

    reason: str


Verdict: TypeAlias = Passed | Failed | Away


class Verifier(Protocol):
    """Knows whether a token stands for a solved challenge."""

    def verify(self, token: str, submission_id: UUID, *, timeout_s: float) -> Verdict:
        """Return what the token stands for; never raises."""
