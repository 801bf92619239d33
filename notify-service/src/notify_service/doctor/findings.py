"""What the doctor finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

State: TypeAlias = Literal["good", "bad", "note"]

_SIGNS: dict[State, str] = {"good": "✓", "bad": "✗", "note": "·"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `words` say how it is, `mend` what to do. A `note` needs no mending, or could not
    be looked at."""

    check: str
    state: State
    words: str
    mend: str = ""

    def to_json(self) -> dict[str, str]:
        """Return it as a JSON object."""
        return {"check": self.check, "state": self.state, "words": self.words, "mend": self.mend}


def good(check: str, words: str) -> Finding:
    """Return what is as it should be."""
    return Finding(check, "good", words)


def bad(check: str, words: str, mend: str) -> Finding:
    """Return what keeps mail from landing."""
    return Finding(check, "bad", words, mend)


def note(check: str, words: str, mend: str = "") -> Finding:
    """Return what is worth knowing."""
    return Finding(check, "note", words, mend)


def is_fine(findings: Sequence[Finding]) -> bool:
    """Say whether nothing has to be mended."""
    return all(one.state != "bad" for one in findings)


def lines_of(findings: Sequence[Finding]) -> list[str]:
    """Return the findings as lines for a terminal."""
    lines = []
    for one in findings:
        lines.append(f"  {_SIGNS[one.state]} {one.check}: {one.words}")
        if one.mend:
            lines.append(f"      → {one.mend}")
    return lines
