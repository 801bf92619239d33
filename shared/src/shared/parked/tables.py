"""Defines the tables of one service's parked messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.sql.elements import conv

from shared.database import UtcTimestamp

_STATES = "state IN ('waiting', 'replayed', 'discarded')"
_ACTIONS = "action IN ('parked', 'replayed', 'discarded')"


class ParkedTables:
    """`<service>_parked`, one row a message, and `<service>_parked_actions`, one row for each action on it.

    The names begin with the service, because two services may share a database. Rows of actions never change.
    """

    def __init__(self, service: str, metadata: MetaData) -> None:
        _define(service, lambda name, *parts: Table(name, metadata, *parts))
        self.messages = metadata.tables[f"{service}_parked"]
        self.actions = metadata.tables[f"{service}_parked_actions"]
        for name, columns in _indexes(service).items():
            Index(name, *(self.messages.c[column] for column in columns))


def create_tables(service: str) -> None:
    """Make the tables, in a migration, as they were first. What changes later is a migration of its own."""
    from alembic import op  # noqa: PLC0415 - only migrations need it

    _define(service, op.create_table)
    for name, columns in _indexes(service).items():
        op.create_index(name, f"{service}_parked", columns)


def drop_tables(service: str) -> None:
    """Remove the tables, in a migration, with all that is in them."""
    from alembic import op  # noqa: PLC0415

    op.drop_table(f"{service}_parked_actions")
    op.drop_table(f"{service}_parked")


def _indexes(service: str) -> dict[str, list[str]]:
    return {
        f"{service}_parked_by_state": ["state", "parked_at", "id"],
        f"{service}_parked_by_message": ["message_id"],
    }


def _define(service: str, make: Callable[..., Any]) -> None:
    name, actions = f"{service}_parked", f"{service}_parked_actions"
    make(
        name,
        Column("id", Text, nullable=False),
        Column("work_queue", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("message_id", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("size_bytes", Integer, nullable=False),
        Column("headers", JSON, nullable=False),
        Column("trace", JSON, nullable=False),
        Column("kind", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("parking", Text, nullable=False),
        Column("parkings", Integer, nullable=False),
        Column("parked_at", UtcTimestamp, nullable=False),
        Column("state", Text, nullable=False),
        Column("changed_at", UtcTimestamp, nullable=False),
        Column("changed_by", Text),
        Column("note", Text),
        PrimaryKeyConstraint("id", name=conv(f"{name}_pkey")),
        CheckConstraint(_STATES, name=conv(f"{name}_state_known")),
    )
    make(
        actions,
        Column("number", Integer, autoincrement=True, nullable=False),
        Column("parked_id", Text, ForeignKey(f"{name}.id", name=conv(f"{actions}_parked_id_fkey")), nullable=False),
        Column("at", UtcTimestamp, nullable=False),
        Column("action", Text, nullable=False),
        Column("actor", Text),
        Column("note", Text),
        PrimaryKeyConstraint("number", name=conv(f"{actions}_pkey")),
        CheckConstraint(_ACTIONS, name=conv(f"{actions}_action_known")),
    )
