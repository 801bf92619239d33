"""What an export is about: the same submissions each time they are looked through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import ColumnElement

from shared.query import Query
from shared.query.tree import And, Form
from storage_service.records.bounded import QueryTookTooLong
from storage_service.records.export.filing import filing
from storage_service.records.export.unsealing import Unseal, unsealing
from storage_service.records.search import Records


@dataclass(frozen=True, slots=True)
class Scope:
    """What a query finds that was stored by `now`; see `Records` for the rest."""

    records: Records
    query: Query | None
    forms: frozenset[str] | None
    now: datetime
    zone: tzinfo
    me: str | None
    unseal: Unseal | None = None

    def batches(self, columns: Sequence[ColumnElement[Any]]) -> Iterable[Sequence[Sequence[Any]]]:
        """Yield all rows, newest first, in the batches they are read in; see `filing`, and `unsealing` for `unseal`."""
        rows = filing(self._rows, self.records.files)
        return rows(columns) if self.unseal is None else unsealing(rows, self.unseal)(columns)

    def _rows(self, columns: Sequence[ColumnElement[Any]]) -> Iterator[Sequence[Sequence[Any]]]:
        return self.records.batches(
            columns, self.query, self.forms, until=self.now, now=self.now, zone=self.zone, me=self.me
        )

    def count(self) -> int:
        """Return how many there are, however many."""
        try:
            found = self.records.count(self.query, self.forms, None, now=self.now, zone=self.zone, me=self.me)
        except QueryTookTooLong:  # all at once; in batches each is short
            return sum(map(len, self.batches([])))
        return found.n

    @property
    def named_forms(self) -> frozenset[str]:
        """The forms that the query asks for by their names."""
        parts = self.query.parts if isinstance(self.query, And) else (self.query,)
        return frozenset(one.value for one in parts if isinstance(one, Form))
