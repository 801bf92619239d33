"""Reads and writes submissions in a database, SQLite or PostgreSQL.

A batch is one JSON document in one parameter: the events as they came. The database itself divides it, so one
statement serves every size of batch (docs/decisions/0003-storage-writes.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    ColumnClause,
    ColumnElement,
    Connection,
    Engine,
    Insert,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    null,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from shared.contracts import SubmissionAccepted, document_of
from shared.database import UtcTimestamp, classified
from storage_service.files import rows as files
from storage_service.store import erased, good_wins
from storage_service.store.domain import Existing
from storage_service.tables import conflicts, member_of, of_the_event, submissions

_EXISTING = tuple(submissions.c[one.name] for one in fields(Existing))


class SubmissionRows:
    """The rows of the database, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def insert(self, events: Sequence[SubmissionAccepted], *, stored_at: datetime) -> int:
        """Insert those whose id is not there yet, in one statement, and return how many these were."""
        return self._insert(submissions, "stored_at", events, stored_at)

    def insert_imported(self, events: Sequence[SubmissionAccepted], *, at: datetime) -> int:
        """Insert those whose id is not there yet as `insert` does, but as imported at this moment."""
        return self._insert(submissions, "stored_at", events, at, "imported_at")

    def existing(self, ids: Sequence[UUID]) -> Mapping[UUID, Existing]:
        """Return what is stored under these ids, also what another transaction committed a moment ago."""
        rows = self._connection.execute(select(submissions.c.id, *_EXISTING).where(submissions.c.id.in_(ids)))
        return {key: Existing(*values) for key, *values in rows}

    def clear(self, events: Sequence[SubmissionAccepted], *, at: datetime) -> int:
        """Make what is stored of these good events no spam, where a verdict alone says so; see `good_wins.clear`."""
        return good_wins.clear(self._connection, events, at=at)

    def fill(self, events: Sequence[SubmissionAccepted], *, stored_at: datetime) -> int:
        """Store new submissions in the empty rows of their ids, and return how many were; see `handler.Rows`."""
        later = erased.uncovered(self._connection, events)
        return self._insert(submissions, "stored_at", later, stored_at, fills=True) if later else 0

    def count_refused(self, events: Sequence[SubmissionAccepted]) -> None:
        """Note in the trails of erased ids that these came afterwards."""
        if events:
            erased.count_arrived(self._connection, events)

    def keep_conflicts(
        self, events: Sequence[SubmissionAccepted], *, received_at: datetime
    ) -> Sequence[SubmissionAccepted]:
        """Keep these events beside the submission of the same id, once per id and fingerprint; return the refused."""
        refused = erased.refused(self._connection, events) if events else []
        gone = {(one.id, one.fingerprint) for one in refused}  # each is here once
        kept = [one for one in events if (one.id, one.fingerprint) not in gone] if gone else events
        if kept:
            self._insert(conflicts, "received_at", kept, received_at)
        self.count_refused(refused)
        return refused

    def keep_files(self, events: Sequence[SubmissionAccepted], *, at: datetime) -> None:
        """Write a row for each file of these; see `handler.Rows`."""
        files.write(self._connection, events, at)

    def give_up_files(self, events: Sequence[SubmissionAccepted], *, at: datetime) -> None:
        """Have the files of these removed; see `handler.Rows`."""
        files.give_up(self._connection, [file.key for event in events for file in event.files], at)

    def _insert(
        self,
        table: Table,
        clock: str,
        events: Sequence[SubmissionAccepted],
        moment: datetime,
        *further: str,
        fills: bool = False,
    ) -> int:
        """Insert the events; the columns that `clock` and `further` name get the same moment in every row."""
        build = _insert_on_sqlite if self._connection.dialect.name == "sqlite" else _insert_on_postgresql
        documents = f"[{','.join(map(document_of, events))}]"
        statement = build(table, clock, *further, fills=fills).execution_options(preserve_rowcount=True)
        return self._connection.execute(statement, {"documents": documents, "moment": moment}).rowcount


class SubmissionRepository:
    """Transactions over the submissions. Safe to use from several threads, and beside other replicas."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def transaction(self) -> Iterator[SubmissionRows]:
        """Begin a transaction, committed durably at the end of the block; raises as `classified` does."""
        with classified(), self._engine.begin() as connection:
            yield SubmissionRows(connection)


@cache
def _insert_on_sqlite(table: Table, clock: str, *further: str, fills: bool) -> Insert:
    documents = func.json_each(bindparam("documents", type_=Text)).table_valued("value")
    members = {one.name: func.json_extract(documents.c.value, f"$.{member_of(one)}") for one in of_the_event(table)}
    members["id"] = func.replace(members["id"], "-", "")  # as SQLAlchemy's Uuid reads it
    # Without WHERE, ON CONFLICT would be read as a part of a join (sqlite.org/lang_upsert).
    rows = _select(table, clock, members, further).where(true())
    insert = sqlite.insert(table).from_select([*_names(table), *further], rows)
    return insert.on_conflict_do_update(**_filling(table, insert)) if fills else insert.on_conflict_do_nothing()


@cache
def _insert_on_postgresql(table: Table, clock: str, *further: str, fills: bool) -> Insert:
    typed: dict[str, ColumnClause[Any]] = {}
    for one in of_the_event(table):
        outer, _, inner = member_of(one).partition(".")
        typed[outer] = column(outer, JSON if inner else one.type)
    typed.pop(clock)
    documents = func.json_to_recordset(cast(bindparam("documents", type_=Text), JSON)).table_valued(*typed.values())
    found = documents.render_derived(with_types=True).c
    members = {one.name: _member(found, one) for one in of_the_event(table) if one.name != clock}
    rows = _select(table, clock, members, further)
    insert = postgresql.insert(table).from_select([*_names(table), *further], rows)
    return insert.on_conflict_do_update(**_filling(table, insert)) if fills else insert.on_conflict_do_nothing()


def _filling(table: Table, insert: postgresql.Insert | sqlite.Insert) -> dict[str, Any]:
    """Return what puts an event into the empty row of its id: its version goes on, for whoever has seen it."""
    said = {name: insert.excluded[name] for name in _names(table) if name != "id"}
    nothing = ("erased_at", "anonymised_at", "imported_at", "opted_in_at", "opt_in_proof")
    begun = {**{name: null() for name in nothing}, "version": table.c.version + 1}
    return {"index_elements": [table.c.id], "set_": {**said, **begun}}


def _names(table: Table) -> list[str]:
    return [one.name for one in of_the_event(table)]


def _member(found: ReadOnlyColumnCollection[str, Any], wanted: Column[Any]) -> ColumnElement[Any]:
    outer, _, inner = member_of(wanted).partition(".")
    return cast(found[outer][inner].as_string(), wanted.type) if inner else found[outer]


def _select(table: Table, clock: str, members: Mapping[str, ColumnElement[Any]], further: Sequence[str]) -> Select[Any]:
    moment = bindparam("moment", type_=UtcTimestamp)
    read = [moment if one.name == clock else members[one.name] for one in of_the_event(table)]
    return select(*read, *(moment for _ in further))
