"""An outbox keeps the messages that a transaction decides on, until the broker has confirmed them.

Whoever decides adds them in its own transaction; `outbox_publisher.py` publishes them afterwards, at least once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.sql.elements import conv

from shared.contracts.event import EVENT_BYTES_MOST
from shared.database.timestamps import UtcTimestamp
from shared.messaging.message import Message
from shared.messaging.routes import ROUTES

BATCH_MOST = 100
BATCH_BYTES_MOST = 8 * 1024 * 1024
"""How much of it is in memory at once: so many messages, or bytes, but always one."""


def outbox_columns(name: str) -> Sequence[Any]:
    """Return the columns of an outbox of this name. Its table is made with `sqlite_autoincrement=True`.

    Numbers are never used again: whoever removes one must not remove another message of it.
    """
    return (
        Column("number", BigInteger().with_variant(Integer, "sqlite"), autoincrement=True, nullable=False),
        Column("type", Text, nullable=False),
        Column("message_id", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("headers", JSON, nullable=False),
        Column("added_at", UtcTimestamp, nullable=False),
        PrimaryKeyConstraint("number", name=conv(f"{name}_pkey")),
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many messages wait in an outbox, and how old the oldest is."""

    count: int
    oldest_s: float


class Outbox:
    """The messages of one service that the broker has not confirmed yet, in a table that has `outbox_columns`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @property
    def name(self) -> str:
        """The table's name."""
        return self._table.name

    def add(self, connection: Connection, messages: Sequence[Message], *, about: Sequence[UUID] | None = None) -> None:
        """Add messages in the caller's transaction: they are published if it commits, and only then.

        `about` says of each what it carries, for a table that has such a column: what is forgotten takes it along.
        Raises `ValueError` for what could never be published: a type that `routes` does not know, or too many bytes.
        """
        for one in messages:
            if one.type not in ROUTES:
                raise ValueError(f"{one.type!r} has no route: see shared.messaging.routes")
            if len(one.body) > EVENT_BYTES_MOST:
                raise ValueError(f"{one.type}: {len(one.body)} bytes, {EVENT_BYTES_MOST} at most")
        now = datetime.now(UTC)
        rows = [
            {"type": one.type, "message_id": one.id, "body": one.body, "headers": dict(one.headers), "added_at": now}
            for one in messages
        ]
        for row, key in zip(rows, about or (), strict=about is not None):
            row["about"] = key
        if rows:
            connection.execute(insert(self._table), rows)

    def first(self, connection: Connection) -> dict[int, Message]:
        """Return the oldest messages by their number: `BATCH_MOST` of `BATCH_BYTES_MOST` bytes, but one at least."""
        c = self._table.c
        size = func.length(c.body).label("size_bytes")
        sizes = connection.execute(select(c.number, size).order_by(c.number).limit(BATCH_MOST)).all()
        chosen, total = list[int](), 0
        for row in sizes:
            total += row.size_bytes
            if chosen and total > BATCH_BYTES_MOST:
                break
            chosen.append(row.number)
        rows = connection.execute(select(self._table).where(c.number.in_(chosen)).order_by(c.number)) if chosen else ()
        return {row.number: Message(row.type, row.message_id, bytes(row.body), row.headers) for row in rows}

    def remove(self, connection: Connection, numbers: Sequence[int]) -> None:
        """Remove messages that the broker has confirmed."""
        connection.execute(delete(self._table).where(self._table.c.number.in_(numbers)))

    def waiting(self, connection: Connection, now: datetime) -> Waiting:
        """Return how many wait, and since when."""
        c = self._table.c
        count, oldest = connection.execute(select(func.count(), func.min(c.added_at))).one()
        return Waiting(count, max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)
