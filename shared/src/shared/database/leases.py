"""A lease gives one process of many the right to do something, until it ends or is given back.

It saves work, and nothing may rest on it: two processes whose clocks differ can both believe that they have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Column, Connection, PrimaryKeyConstraint, Table, Text, Uuid, delete, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import conv

from shared.database.timestamps import UtcTimestamp

LEASE = timedelta(seconds=30)
"""How long a process has it that died, at most."""


def lease_columns(name: str) -> Sequence[Any]:
    """Return the columns of a table of leases of this name: who has each, and until when."""
    return (
        Column("name", Text, nullable=False),
        Column("holder", Uuid, nullable=False),
        Column("until", UtcTimestamp, nullable=False),
        PrimaryKeyConstraint("name", name=conv(f"{name}_pkey")),
    )


class Lease:
    """One process's way to the lease of this name, in a table that has `lease_columns`."""

    def __init__(self, table: Table, name: str) -> None:
        self._table = table
        self._name = name
        self._holder: UUID = uuid4()
        self._renewed_until: datetime | None = None

    def is_running(self, now: datetime) -> bool:
        """Say whether this process has it, and need not renew it yet: that is in its last half."""
        return self._renewed_until is not None and now < self._renewed_until - LEASE / 2

    def is_taken(self, connection: Connection, now: datetime) -> bool:
        """Take it, or renew it, and say whether this process has it."""
        c, until = self._table.c, now + LEASE
        insert = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(self._table)
        statement = insert.values(name=self._name, holder=self._holder, until=until).on_conflict_do_update(
            index_elements=[c.name],
            set_={"holder": self._holder, "until": until},
            where=or_(c.holder == self._holder, c.until <= now),
        )
        is_mine = bool(connection.execute(statement.returning(c.holder)).all())
        self._renewed_until = until if is_mine else None
        return is_mine

    def give_back(self, connection: Connection) -> None:
        """Let another process have it at once."""
        c = self._table.c
        connection.execute(delete(self._table).where(c.name == self._name, c.holder == self._holder))
        self._renewed_until = None
