"""Finds submissions by a query: a page, one, how many, or all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, Select, and_, case, func, literal_column, select, true, tuple_

from shared.query import Query
from storage_service.files import StoredFile, files_of
from storage_service.records.batches import Take, batches, raw, rows
from storage_service.records.bounded import QUERY_SECONDS_MOST, Reader
from storage_service.records.conditions import Asking, Conditions, within
from storage_service.records.cursors import Cursor, CursorError, Way
from storage_service.records.pages import Count, Page, ends, place_of
from storage_service.records.record import Record, columns, record_of
from storage_service.records.sampling import Sampling
from storage_service.tables import submissions

PAGE_MOST = 200
"""Records on a page."""

COUNTED_MOST = 1000
"""How many are counted unless more are asked for."""

COMMON = 10_000
"""In how many submissions a word is common: SQLite then looks for it in one after the other, newest first."""

ARRIVED_MOST = 2000
_ASKED_AT_ONCE = 500
"""How many that have just come in are looked at, for who watches a list: and so many in one statement."""

SETTLED = timedelta(seconds=5)
"""How long ago a submission was stored that `after` shows: one may be stored a moment before another, and be visible
after it."""

_S = submissions.c


class Records:
    """The submissions of a database, read only. Safe to use from several threads.

    A query is a tree of `shared.query`, None for everything, spam too. `forms` are those that the asker may see, None
    for all: what is in others is as if it did not exist. `now`, `zone` and `me` are the asker's; see `Asking`. All
    methods raise `QueryError` for what cannot be asked, `QueryTookTooLong`, and else as `classified` does.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds_most: float = QUERY_SECONDS_MOST,
    ) -> None:
        self._reader = Reader(engine, seconds_most)
        self._clock = clock
        self._conditions = Conditions(engine.dialect.name, self._is_common)
        is_sqlite = engine.dialect.name == "sqlite"
        self._sampling = Sampling(self._reader, self._conditions.source, is_sqlite=is_sqlite)

    def page(
        self,
        query: Query | None = None,
        *,
        forms: frozenset[str] | None,
        limit: int,
        cursor: Cursor | None = None,
        after: Cursor | None = None,
        now: datetime | None = None,
        zone: tzinfo = UTC,
        me: str | None = None,
    ) -> Page:
        """Return a page, newest first; `cursor` is one that another page gave, for what is beyond it, either way.

        With `after`: what was stored since, oldest first, all but the last seconds. `Cursor.beginning()` is the first.
        """
        if not 1 <= limit <= PAGE_MOST:
            raise ValueError(f"limit: expected 1 to {PAGE_MOST}")
        if cursor and after:
            raise CursorError("expected cursor or after, and not both")
        asked = self._asked(query, forms, now, zone, me)
        if after is not None:
            return self._page_after(asked, after.on("stored"), limit)
        return self._page(asked, cursor, limit)

    def one(self, key: UUID, forms: frozenset[str] | None) -> Record | None:
        """Return a submission by its id, None where there is none that the asker may see."""
        found = self._read(select(*columns()).where(_S.id == key, *within(forms)))
        return found[0] if found else None

    def count(
        self,
        query: Query | None,
        forms: frozenset[str] | None,
        most: int | None = COUNTED_MOST,
        *,
        now: datetime | None = None,
        zone: tzinfo = UTC,
        me: str | None = None,
        stored_by: datetime | None = None,
    ) -> Count:
        """Return how many there are: exactly up to `most`; None counts all, however long that takes (5 s at most).

        With `stored_by`, those that were stored by this moment.
        """
        asked = self._asked(query, forms, now, zone, me)
        found: Select[Any] = select(literal_column("1")).select_from(self._conditions.source)
        found = found.where(asked, *_by(stored_by))
        if most is not None and self._sampling.finds_often(query, asked):  # by an index in this order, and to its end
            found = found.order_by(_S.accepted_at.desc(), _S.id.desc())
        limited = found.limit(None if most is None else most + 1).subquery()
        with self._reader.connection() as connection:
            counted = connection.scalar(select(func.count()).select_from(limited)) or 0
        return Count(counted, is_exact=True) if most is None or counted <= most else Count(most, is_exact=False)

    def ids(
        self,
        query: Query | None,
        forms: frozenset[str] | None,
        most: int,
        *,
        now: datetime | None = None,
        zone: tzinfo = UTC,
        me: str | None = None,
        stored_by: datetime | None = None,
    ) -> list[UUID]:
        """Return the ids of at most so many, newest first, as `count` counts them; all as they are at one moment."""
        found = select(_S.id).select_from(self._conditions.source)
        found = found.where(self._asked(query, forms, now, zone, me), *_by(stored_by))
        found = found.order_by(_S.accepted_at.desc(), _S.id.desc()).limit(most)
        with self._reader.connection() as connection:
            return list(connection.scalars(found))

    def arrived(
        self,
        query: Query | None,
        forms: frozenset[str] | None,
        since: datetime,
        most: int,
        *,
        now: datetime | None = None,
        zone: tzinfo = UTC,
        me: str | None = None,
    ) -> list[UUID]:
        """Return the ids of at most so many that were stored after a moment, the first of them first.

        Of what was stored since, the first `ARRIVED_MOST` are looked at.
        """
        # in a CASE no index is found for it: SQLite would go through all that are new, for the few that have come in
        asked = case((self._asked(query, forms, now, zone, me), 1), else_=0) == 1
        stored = select(_S.id).where(_S.stored_at > since, *within(forms)).order_by(_S.stored_at, _S.id)
        with self._reader.connection() as connection:
            keys, found = list(connection.scalars(stored.limit(ARRIVED_MOST))), list[UUID]()
            for start in range(0, len(keys), _ASKED_AT_ONCE):
                some = keys[start : start + _ASKED_AT_ONCE]
                matching = select(_S.id).select_from(self._conditions.source).where(_S.id.in_(some), asked)
                there = set(connection.scalars(matching))
                found += [key for key in some if key in there]
                if len(found) >= most:
                    break
        return found[:most]

    def known(self, keys: Sequence[UUID], forms: frozenset[str] | None) -> list[UUID]:
        """Return which of these ids there are, in the same order, each once."""
        there = set[UUID]()
        for start in range(0, len(keys), _ASKED_AT_ONCE):
            some = select(_S.id).where(_S.id.in_(keys[start : start + _ASKED_AT_ONCE]), *within(forms))
            with self._reader.connection() as connection:
                there |= set(connection.scalars(some))
        return [key for key in dict.fromkeys(keys) if key in there]

    def each(
        self,
        query: Query | None,
        forms: frozenset[str] | None,
        *,
        now: datetime | None = None,
        zone: tzinfo = UTC,
        me: str | None = None,
        start: Cursor | None = None,
    ) -> Iterator[Record]:
        """Yield all that was stored by now, newest first, from `start` on: a cursor that goes on to what is older.

        It reads in short transactions and holds none while it waits for who takes the records. What is changed
        meanwhile may be seen as it was or as it is.
        """
        asked = and_(self._asked(query, forms, now, zone, me), _S.stored_at <= self._clock())
        for some in self._batches(columns(), asked, start, rows):
            yield from map(record_of, some)

    def batches(
        self,
        chosen: Sequence[ColumnElement[Any]],
        query: Query | None,
        forms: frozenset[str] | None,
        *,
        until: datetime,
        now: datetime | None = None,
        zone: tzinfo = UTC,
        me: str | None = None,
    ) -> Iterator[Sequence[Sequence[Any]]]:
        """Yield what was stored by `until`, as `each` does, but in the batches it is read in, and only these columns.

        They are the first of every row, as the driver gives them; see `batches.raw`.
        """
        asked = and_(self._asked(query, forms, now, zone, me), _S.stored_at <= until)
        return self._batches(chosen, asked, None, raw)

    def files(self, keys: Collection[UUID]) -> Mapping[UUID, Sequence[StoredFile]]:
        """Return the files of submissions; those without any are left out."""
        with self._reader.connection() as connection:
            return files_of(connection, keys)

    def _is_common(self, found: Select[Any]) -> bool:
        some = found.limit(COMMON).subquery()
        with self._reader.connection() as connection:
            return (connection.scalar(select(func.count()).select_from(some)) or 0) >= COMMON

    def _asked(
        self, query: Query | None, forms: frozenset[str] | None, now: datetime | None, zone: tzinfo, me: str | None
    ) -> ColumnElement[bool]:
        asking = Asking(now or self._clock(), zone, me)
        return and_(true(), *within(forms), *([] if query is None else [self._conditions.of(query, asking)]))

    def _page(self, asked: ColumnElement[bool], cursor: Cursor | None, limit: int) -> Page:
        way: Way = cursor.way if cursor else "older"
        if way == "stored":
            raise CursorError("expected a cursor of a page, not one of after")
        rows = self._read(self._in_order(asked, way, cursor).limit(limit + 1))
        is_more, rows = len(rows) > limit, rows[:limit]
        if way == "newer":
            rows.reverse()
        older, newer = ends(rows, cursor)
        if way == "newer":
            return Page(rows, next=older, previous=newer if is_more else None)
        return Page(rows, next=older if is_more else None, previous=newer if cursor else None, is_last=not is_more)

    def _page_after(self, asked: ColumnElement[bool], after: Cursor, limit: int) -> Page:
        settled = _S.stored_at <= self._clock() - SETTLED
        rows = self._read(self._in_order(and_(asked, settled), "stored", after).limit(limit + 1))
        is_more, rows = len(rows) > limit, rows[:limit]
        return Page(rows, next=place_of(rows[-1], "stored") if rows else after, is_last=not is_more)

    def _read(self, found: Select[Any]) -> list[Record]:
        with self._reader.connection() as connection:
            return [record_of(row) for row in connection.execute(found)]

    def _batches(
        self, chosen: Sequence[ColumnElement[Any]], asked: ColumnElement[bool], start: Cursor | None, take: Take
    ) -> Iterator[Sequence[Any]]:
        def page(place: Cursor | None, more: Sequence[ColumnElement[Any]]) -> Select[Any]:
            return self._in_order(asked, "older", place, [*chosen, *more])

        return batches(self._reader, page, start, take)

    def _in_order(
        self,
        asked: ColumnElement[bool],
        way: Way,
        place: Cursor | None,
        chosen: Sequence[ColumnElement[Any]] | None = None,
    ) -> Select[Any]:
        """Return the query of all that is asked for, in the order of a way, beyond a place."""
        moment = _S.stored_at if way == "stored" else _S.accepted_at
        order = tuple_(moment, _S.id)
        found = select(*(chosen or columns())).select_from(self._conditions.source).where(asked)
        if way == "older":
            found = found.order_by(moment.desc(), _S.id.desc())
            return found if place is None else found.where(order < (place.moment, place.id))
        found = found.order_by(moment, _S.id)
        return found if place is None else found.where(order > (place.moment, place.id))


def _by(moment: datetime | None) -> list[ColumnElement[bool]]:
    return [] if moment is None else [_S.stored_at <= moment]
