"""Says what is wrong with a query, and where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a query's text: `offset` counts characters (code points) from 0, `length` is 0 between two of them."""

    offset: int
    length: int

    def until(self, end: int) -> Place:
        """Return the place that begins here and ends before another offset."""
        return Place(self.offset, end - self.offset)


NOWHERE = Place(0, 0)
"""The place of what was not read from a text."""


class QueryError(ValueError):
    """A query that cannot be read, or not be answered.

    `reason` says in a sentence what was expected, and repeats nothing of the query: it may be logged.
    `place` lies within the query's text.
    """

    def __init__(self, reason: str, place: Place) -> None:
        super().__init__(f"at character {place.offset + 1}: {reason}")
        self.reason = reason
        self.place = place
