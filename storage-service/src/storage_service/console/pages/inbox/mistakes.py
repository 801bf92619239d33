"""Shows a mistake of a query at its place."""

from __future__ import annotations

from dataclasses import dataclass

from shared.query import QueryError

_AROUND = 60
"""Characters shown at each side of it: a query that is too long has many."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """The text before the mistake, it, and behind it; and what was expected. `place` is it for scripts: two numbers."""

    before: str
    wrong: str
    behind: str
    reason: str
    offset: int
    length: int


def shown(text: str, error: QueryError) -> Mistake:
    """Return a mistake in a query's text."""
    start = error.place.offset
    end = start + error.place.length
    before, behind = text[:start], text[end:]
    wrong = text[start:end][:_AROUND]
    return Mistake(
        f"…{before[-_AROUND:]}" if len(before) > _AROUND else before,
        wrong,
        f"{behind[:_AROUND]}…" if len(behind) > _AROUND else behind,
        f"{error.reason[:1].upper()}{error.reason[1:]}.",
        start,
        error.place.length,
    )
