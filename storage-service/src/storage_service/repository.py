"""The submissions in a database, SQLite or PostgreSQL.

A batch travels as one JSON document in one parameter, which the database itself takes apart: one statement of one
text whatever the size of the batch, and a third of the processor time of a parameter per value
(docs/decisions/0003-storage-writes.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Connection, Engine, Table, Text, bindparam, cast, column, func, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from shared.contracts import SubmissionAccepted
from shared.database import classified, iso
from storage_service.domain import Held
from storage_service.tables import conflicts, submissions

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class SubmissionRows:
    """The rows of the database, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def insert(self, events: Sequence[SubmissionAccepted], *, stored_at: datetime) -> frozenset[UUID]:
        """Insert those whose id is not there yet, in one statement, and return the ids of these."""
        stored = iso(stored_at)
        return self._insert(submissions, [_row(event, stored_at=stored) for event in events])

    def held(self, ids: Sequence[UUID]) -> Mapping[UUID, Held]:
        """Return what stands under these ids, also what another transaction committed a moment ago."""
        if not ids:
            return {}
        found = select(submissions.c.id, submissions.c.fingerprint, submissions.c.stored_at)
        rows = self._connection.execute(found.where(submissions.c.id.in_(ids)))
        return {row.id: Held(row.fingerprint, row.stored_at) for row in rows}

    def keep_conflicts(self, events: Sequence[SubmissionAccepted], *, received_at: datetime) -> None:
        """Keep these beside the submission of the same id, once per id and fingerprint."""
        received = iso(received_at)
        if events:
            self._insert(conflicts, [_row(event, received_at=received) for event in events])

    def _insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> frozenset[UUID]:
        build = _insert_on_sqlite if self._connection.dialect.name == "sqlite" else _insert_on_postgresql
        return frozenset(self._connection.execute(build(table), {"rows": _encode(rows)}).scalars().all())


class SubmissionRepository:
    """Transactions over the submissions. Safe to use from several threads, and beside other replicas."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def transaction(self) -> Iterator[SubmissionRows]:
        """Begin a transaction, committed durably at the end of the block; raises as `classified` does."""
        with classified(), self._engine.begin() as connection:
            yield SubmissionRows(connection)


def _row(event: SubmissionAccepted, **moments: str) -> dict[str, Any]:
    """Return a row of either table as JSON values: what a table has no column for is left out by the database."""
    source, control = event.source, event.control
    return {
        "id": event.id.hex,
        "form": event.form,
        "accepted_at": iso(event.accepted_at),
        "fields": dict(event.fields),
        "fingerprint": event.fingerprint,
        "source": {
            "ip": source.ip,
            "user_agent": source.user_agent,
            "referer": source.referer,
            "language": source.language,
        },
        "control": {"subject": control.subject, "reply_to": control.reply_to, "captcha": control.captcha},
        "spam": event.spam,
        **moments,
    }


@cache
def _insert_on_sqlite(table: Table) -> ReturningInsert[UUID]:
    documents = func.json_each(bindparam("rows", type_=Text)).table_valued("value")
    values = [func.json_extract(documents.c.value, f"$.{one.name}") for one in table.c]
    rows = select(*values).where(true())  # without WHERE, SQLite reads ON CONFLICT as a join (sqlite.org/lang_upsert)
    return sqlite.insert(table).from_select(list(table.c.keys()), rows).on_conflict_do_nothing().returning(table.c.id)


@cache
def _insert_on_postgresql(table: Table) -> ReturningInsert[UUID]:
    typed = [column(one.name, one.type) for one in table.c]
    documents = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON)).table_valued(*typed)
    rows = select(*documents.render_derived(with_types=True).c)
    return (
        postgresql.insert(table).from_select(list(table.c.keys()), rows).on_conflict_do_nothing().returning(table.c.id)
    )
