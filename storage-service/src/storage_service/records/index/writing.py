"""Puts entries into the index, in the caller's transaction, and takes them out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Connection, Integer, Text, bindparam, cast, delete, func, insert, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from storage_service.records.index.among import among, as_array
from storage_service.records.index.entries import Entry, FieldEntry
from storage_service.records.index.words import words_of
from storage_service.tables import IS_THERE, search_entries, search_fields, submissions

_E, _F, _S = search_entries.c, search_fields.c, submissions.c

_ROWS = func.json_to_recordset(cast(bindparam("rows", type_=Text()), postgresql.JSON))
_AS_ROWS = _ROWS.table_valued(*search_fields.columns).render_derived(with_types=True)
_ALL_FIELDS = insert(search_fields).from_select(list(search_fields.columns.keys()), select(*_AS_ROWS.columns))

Seen: TypeAlias = Mapping[UUID, tuple[datetime, datetime | None]]
"""Of each submission, when it was stored and made anonymous, as they were when its entry was made."""


def write(connection: Connection, entries: Mapping[UUID, Entry], generation: int, seen: Seen | None = None) -> int:
    """Put entries in the place of those there are, and return how many.

    It locks the rows of their submissions first: one that is erased gets no entry, and none that is no more as it was
    `seen`. Without that the caller has locked them.
    """
    dialect = connection.dialect.name
    there = select(_S.id, _S.stored_at, _S.anonymised_at).where(_S.id.in_(entries), IS_THERE)
    rows = connection.execute(there.order_by(_S.id).with_for_update(read=True)).all()
    keys = [row.id for row in rows if seen is None or seen[row.id] == (row.stored_at, row.anonymised_at)]
    if not keys:
        return 0
    numbers = _numbers(connection, keys, generation)
    words, listed = words_of(dialect), list(numbers.values())
    connection.execute(delete(search_fields).where(among(_F.number, listed, dialect)))
    words.remove(connection, listed)
    fields = [_row(numbers[key], one) for key in keys for one in entries[key].fields]
    if fields:
        _add(connection, fields)
    tokens = {numbers[key]: entries[key].tokens for key in keys if entries[key].tokens}
    if tokens:
        words.add(connection, tokens)
    return len(keys)


def by_index(connection: Connection) -> None:
    """Have a transaction look for rows by indexes alone.

    A session keeps plans that it made while the tables were small: by these it goes through all of them, row by row.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")


def behind(connection: Connection) -> None:
    """Have a transaction that writes entries, and nothing else, wait for no disk.

    What a crash of the database takes with it is missing in the index, and is found to be: whatever is noted of how far
    the index has come is written behind it.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL synchronous_commit = off; SET LOCAL enable_seqscan = off")


def forget(connection: Connection, keys: Sequence[UUID]) -> None:
    """Take submissions out of the index. Whoever erases one has locked its row, in the same transaction."""
    connection.execute(delete(search_entries).where(_E.id.in_(keys)))


def _add(connection: Connection, fields: Sequence[Mapping[str, Any]]) -> None:
    """Insert what fields say: in PostgreSQL as one document, for a message and a reply a row cost more than the row."""
    if connection.dialect.name == "postgresql":
        connection.execute(_ALL_FIELDS, {"rows": json.dumps(fields, ensure_ascii=False)})
    else:
        connection.execute(insert(search_fields), fields)


def _row(number: int, one: FieldEntry) -> dict[str, Any]:
    return {
        "number": number,
        "field": one.field,
        "words": one.words,
        "figures": one.figures,
        "least": one.least,
        "greatest": one.greatest,
        "first_day": one.first_day,
        "last_day": one.last_day,
    }


def _numbers(connection: Connection, keys: Sequence[UUID], generation: int) -> Mapping[UUID, int]:
    upserted: Any
    if connection.dialect.name == "postgresql":
        each = func.unnest(as_array(_E.id, keys)).column_valued("id")
        made = select(each, literal(generation, Integer))
        upserted = postgresql.insert(search_entries).from_select(["id", "generation"], made)
    else:
        upserted = sqlite.insert(search_entries).values([{"id": key, "generation": generation} for key in keys])
    upserted = upserted.on_conflict_do_update(index_elements=[_E.id], set_={"generation": generation})
    return {row.id: row.number for row in connection.execute(upserted.returning(_E.id, _E.number))}
