"""Says how to find more where a query finds nothing."""

from __future__ import annotations

from dataclasses import dataclass

from shared.query import Query
from shared.query.tree import And, Not

WAYS_MOST = 6


@dataclass(frozen=True, slots=True)
class Wider:
    """A query that finds as much or more, and what it leaves out of the one that found nothing."""

    without: str
    text: str


def wider(query: Query | None) -> list[Wider]:
    """Return the queries with one part less, each once; first those without what was typed last."""
    if not isinstance(query, And) or len(query.parts) < 2:
        return []
    ways = list[Wider]()
    for place, part in reversed(list(enumerate(query.parts))):
        if not _is_spam_kept_out(part):
            others = (*query.parts[:place], *query.parts[place + 1 :])
            ways.append(Wider(str(part), str(And(others) if len(others) > 1 else others[0])))
    return ways[:WAYS_MOST]


def _is_spam_kept_out(part: Query) -> bool:
    return isinstance(part, Not) and str(part.part) == "is:spam"
