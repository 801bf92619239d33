"""Reads very many rows in short transactions, as many at once as there is memory for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Row, Select, Text, cast, func

from storage_service.records.bounded import Reader
from storage_service.records.cursors import Cursor
from storage_service.records.record import as_stored
from storage_service.tables import submissions

BATCH_ROWS = 5000
BATCH_CHARACTERS = 8 * 1024 * 1024
"""What is read in one short transaction, and is in memory: rows, or characters of fields, but always one row."""

_FETCHED_FEWEST, _FETCHED_FIRST, _FETCHED_MOST = 10, 100, 1000
"""Rows that are fetched at once: for each, PostgreSQL is asked once more."""

_FETCHED_CHARACTERS = BATCH_CHARACTERS // 8
"""What these may be about, as long as rows are as those before them."""

Page = Callable[[Cursor | None, Sequence[ColumnElement[Any]]], Select[Any]]
"""Returns the query of all beyond a place, newest first, with these columns behind its own."""


Take: TypeAlias = Callable[[CursorResult[Any], int], Sequence[Sequence[Any]]]
"""Takes so many of the next rows, or what there is left."""


def rows(result: CursorResult[Any], count: int) -> Sequence[Row[Any]]:
    """Take rows as SQLAlchemy makes them."""
    return result.fetchmany(count)


def raw(result: CursorResult[Any], count: int) -> Sequence[Sequence[Any]]:
    """Take rows as the driver gives them, where no column has a type that makes something else of a value: see
    `record.as_stored`. To make SQLAlchemy's cost an export a seventh of its time.
    """
    found: Sequence[Sequence[Any]] = result.cursor_strategy.fetchmany(result, result.cursor, count)
    return found


def batches(reader: Reader, found: Page, place: Cursor | None, take: Take = rows) -> Iterator[Sequence[Any]]:
    """Yield all rows beyond a place; nothing is held between two batches, and each is emptied before the next is read.

    Raises as `Reader.connection` does.
    """
    is_last, fetched = False, _FETCHED_FIRST
    while not is_last:
        some, is_last = _batch(reader, found(place, _BESIDE).limit(BATCH_ROWS + 1), fetched, take)
        place = _place_of(some[-1]) if some else None
        fetched = _fetched_next(some)
        yield some
        some.clear()  # whoever holds it on while the next is read would have two in memory


def _batch(reader: Reader, found: Select[Any], fetched: int, take: Take) -> tuple[list[Sequence[Any]], bool]:
    batch, characters = list[Sequence[Any]](), 0
    with reader.connection() as connection, connection.execution_options(yield_per=fetched).execute(found) as result:
        while some := take(result, fetched):
            together = sum([row[-1] for row in some])
            if len(batch) + len(some) <= BATCH_ROWS and characters + together <= BATCH_CHARACTERS:
                batch += some
                characters += together
                continue
            for row in some:
                characters += row[-1]
                if batch and (len(batch) == BATCH_ROWS or characters > BATCH_CHARACTERS):
                    return batch, False
                batch.append(row)
    return batch, True


def _fetched_next(some: Sequence[Sequence[Any]]) -> int:
    characters: int = sum([row[-1] for row in some]) // max(1, len(some))
    return max(_FETCHED_FEWEST, min(_FETCHED_CHARACTERS // max(1, characters), _FETCHED_MOST))


def _place_of(row: Sequence[Any]) -> Cursor:
    moment, key, _ = row[-len(_BESIDE) :]
    moment = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return Cursor("older", moment, UUID(key) if isinstance(key, str) else key)


_BESIDE = (
    as_stored(submissions.c.accepted_at).label("place_moment"),
    as_stored(submissions.c.id).label("place_id"),
    func.length(cast(submissions.c.fields, Text)).label("characters"),
)
"""What is read of each row to go on from it, and to know how large it is: its last column."""
