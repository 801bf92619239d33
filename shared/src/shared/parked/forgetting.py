"""Forgets parked messages, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from shared.parked.tables import ParkedTables


def forget_messages(connection: Connection, tables: ParkedTables, message_ids: Sequence[str]) -> int:
    """Remove the messages of these ids, whatever was done about them, with all that was done; return how many."""
    messages, actions = tables.messages, tables.actions
    found = list(connection.scalars(select(messages.c.id).where(messages.c.message_id.in_(message_ids))))
    if found:  # few are ever parked, and no index has their actions
        connection.execute(delete(actions).where(actions.c.parked_id.in_(found)))
        connection.execute(delete(messages).where(messages.c.id.in_(found)))
    return len(found)
