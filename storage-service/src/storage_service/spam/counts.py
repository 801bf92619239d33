"""Counts labels, by kind and by who said so: what there is to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from storage_service.spam.authors import left_out
from storage_service.tables import SPAM

_L = SPAM.labels.c


@dataclass(frozen=True, slots=True)
class AuthorCounts:
    """How much somebody said. `counts` says whether that is learned from."""

    author: str
    good: int
    spam: int
    counts: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How many labels there are. `good` and `spam` are those that count, of all `authors` that are not left out."""

    authors: Sequence[AuthorCounts]

    @property
    def good(self) -> int:
        """How many say that it is no spam."""
        return sum(one.good for one in self.authors if one.counts)

    @property
    def spam(self) -> int:
        """How many say that it is spam."""
        return sum(one.spam for one in self.authors if one.counts)


def count(connection: Connection) -> Counts:
    """Count the labels, by who said so, those with the most first."""
    out = set(left_out(connection))
    spam = func.count().filter(_L.is_spam)
    found = select(_L.author, func.count().label("all"), spam.label("spam")).group_by(_L.author)
    rows = sorted(connection.execute(found), key=lambda row: (-row.all, row.author))
    return Counts([AuthorCounts(row.author, row.all - row.spam, row.spam, row.author not in out) for row in rows])


def new_since(connection: Connection, moment: datetime) -> int:
    """Return how many labels that count were given since then."""
    counting = _L.author.not_in(left_out(connection))
    return connection.scalar(select(func.count()).where(_L.labelled_at > moment, counting)) or 0
