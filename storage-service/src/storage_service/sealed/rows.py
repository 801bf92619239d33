"""Reads and writes what is sealed, some rows at a time: of submissions, and of what conflicts with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Select, Table, func, null, select, tuple_, update

from shared.database import classified, reading
from storage_service.tables import HAS_SEALED, conflicts, submissions

ROWS_AT_ONCE = 200
"""Rows of a transaction: few enough that nobody waits for it."""

_HAS_SEALED: Mapping[Table, Any] = {submissions: HAS_SEALED, conflicts: conflicts.c.sealed.is_not(null())}
TABLES: Sequence[Table] = tuple(_HAS_SEALED)


@dataclass(frozen=True, slots=True)
class SealedRow:
    """What is sealed of a row. `key` is its primary key, `form` and `id` say where its values belong."""

    table: Table
    key: tuple[Any, ...]
    id: UUID
    form: str
    sealed: Mapping[str, str]


def all_rows(engine: Engine) -> Iterator[SealedRow]:
    """Yield all rows that have something sealed, as they are read."""
    for table in TABLES:
        after: tuple[Any, ...] | None = None
        while True:
            with classified(), reading(engine).connect() as connection:
                rows = some_rows(connection, table, after)
            yield from rows
            if len(rows) < ROWS_AT_ONCE:
                break
            after = rows[-1].key


def count_rows(engine: Engine) -> int:
    """Return how many rows have something sealed."""
    with classified(), reading(engine).connect() as connection:
        counts = (select(func.count()).select_from(table).where(_HAS_SEALED[table]) for table in TABLES)
        return sum(connection.execute(one).scalar_one() for one in counts)


def some_rows(
    connection: Connection, table: Table, after: tuple[Any, ...] | None, *, for_update: bool = False
) -> list[SealedRow]:
    """Return the next rows behind a primary key, in its order; `for_update` keeps others from changing them."""
    keys = list(table.primary_key.columns)
    found: Select[Any] = select(*keys, submissions.c.form, table.c.sealed).where(_HAS_SEALED[table])
    if table is not submissions:
        found = found.join(submissions, submissions.c.id == table.c.id)
    if after is not None:
        found = found.where(tuple_(*keys) > after)
    found = found.order_by(*keys).limit(ROWS_AT_ONCE)
    if for_update:
        found = found.with_for_update(of=table)
    return [
        SealedRow(table, tuple(row[: len(keys)]), row[0], row[-2], row[-1]) for row in connection.execute(found).all()
    ]


def write(connection: Connection, row: SealedRow, sealed: Mapping[str, str]) -> None:
    """Put other sealed values into a row."""
    table = row.table
    where = [column == value for column, value in zip(table.primary_key.columns, row.key, strict=True)]
    connection.execute(update(table).where(*where).values(sealed=dict(sealed)))
