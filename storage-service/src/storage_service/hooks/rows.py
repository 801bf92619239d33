"""Ends hooks, and tells notify of them, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, update

from shared.database import Outbox
from shared.messaging.message import message_of
from storage_service.hooks.hook import told_of
from storage_service.tables import OUTBOX, hooks

Because: TypeAlias = Literal["removed", "replaced", "gone", "key"]
"""Why a hook has ended: somebody removed it, asked for it anew, its address answered 410, its key has ended."""

_H = hooks.c


def tell(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    """Have notify told of hooks, as their rows are."""
    Outbox(OUTBOX).add(connection, [message_of(told_of(row)) for row in rows])


def end(connection: Connection, because: Because, now: datetime, *which: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """End the hooks that are meant and have not ended, and return their rows. Neither address nor secret is kept."""
    ended = update(hooks).where(_H.ended_at.is_(None), *which)
    values = {"version": _H.version + 1, "ended_at": now, "ended_because": because, "told_at": now}
    rows = connection.execute(ended.values(**values, url="", secret="").returning(*_H)).all()
    tell(connection, rows)
    return rows
