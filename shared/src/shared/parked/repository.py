"""Reads and writes parked messages in a database, SQLite or PostgreSQL, with a log of all actions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Update,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from shared.database import classified, reading
from shared.parked.cursors import Position
from shared.parked.parsing import ParkedMessage
from shared.parked.states import State
from shared.parked.tables import ParkedTables


class ParkedRepository:
    """One service's parked messages. Safe to use from many threads, and beside other replicas.

    Every method raises `DependencyUnavailable` while the database is away.
    """

    def __init__(self, engine: Engine, tables: ParkedTables) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._m = tables.messages
        self._a = tables.actions
        body, others = self._m.c.body, [column for column in self._m.c if column is not self._m.c.body]
        self._summary: Select[Any] = select(*others)
        self._whole: Select[Any] = select(*others, body)

    def keep(self, parking: ParkedMessage, now: datetime) -> None:
        """Keep one message, durably.

        The same parking again changes nothing. A new parking of the same message makes it wait again, whatever was
        done about it before.
        """
        insert = sqlite.insert if self._engine.dialect.name == "sqlite" else postgresql.insert
        values = _values(parking) | {"parkings": 1, "state": "waiting", "changed_at": now}
        renewed = {
            name: values[name] for name in ("headers", "trace", "kind", "reason", "parking", "parked_at", "state")
        }
        c = self._m.c
        statement = (
            insert(self._m)
            .values(values)
            .on_conflict_do_update(
                index_elements=[c.id],
                set_={**renewed, "parkings": c.parkings + 1, "changed_at": now, "changed_by": None, "note": None},
                where=or_(c.parking != parking.parking, c.parking == ""),
            )
            .returning(c.id)
        )
        with classified(), self._engine.begin() as connection:
            if connection.execute(statement).all():
                self._note(connection, parking.id, "parked", None, parking.reason, now)

    def get(self, parked_id: str) -> Row[Any] | None:
        """Return one message with its body, or None."""
        with classified(), self._reading.connect() as connection:
            return connection.execute(self._whole.where(self._m.c.id == parked_id)).one_or_none()

    def actions(self, parked_id: str) -> Sequence[Row[Any]]:
        """Return all that happened to one message, in order."""
        found = select(self._a).where(self._a.c.parked_id == parked_id).order_by(self._a.c.number)
        with classified(), self._reading.connect() as connection:
            return connection.execute(found).all()

    def page(self, state: State | None, reason: str | None, limit: int, before: Position | None) -> Sequence[Row[Any]]:
        """Return messages without their bodies, newest first, of one state or of all, from a position on."""
        c = self._m.c
        found = self._summary.where(*self._conditions(state, reason))
        if before is not None:
            found = found.where(tuple_(c.parked_at, c.id) < before)
        with classified(), self._reading.connect() as connection:
            return connection.execute(found.order_by(c.parked_at.desc(), c.id.desc()).limit(limit)).all()

    def waiting_ids(self, reason: str | None, limit: int | None = None) -> list[str]:
        """Return the ids of what waits, those that wait longest first."""
        c = self._m.c
        found = select(c.id).where(*self._conditions("waiting", reason)).order_by(c.parked_at, c.id).limit(limit)
        with classified(), self._reading.connect() as connection:
            return list(connection.execute(found).scalars())

    def waiting(self) -> dict[str, dict[str, int]]:
        """Return how many wait, by work queue and kind of reason; those of which none waits are left out."""
        c = self._m.c
        found = select(c.work_queue, c.kind, func.count().label("number")).where(c.state == "waiting")
        counts: dict[str, dict[str, int]] = {}
        with classified(), self._reading.connect() as connection:
            for row in connection.execute(found.group_by(c.work_queue, c.kind)):
                counts.setdefault(row.work_queue, {})[row.kind] = row.number
        return counts

    def parked_since(self, *message_ids: str) -> Mapping[str, datetime]:
        """Return since when messages of these ids are parked and not replayed, by their work queues."""
        c = self._m.c
        found = select(c.work_queue, func.max(c.parked_at).label("parked_at"))
        found = found.where(c.message_id.in_(message_ids), c.state != "replayed").group_by(c.work_queue)
        with classified(), self._reading.connect() as connection:
            return {row.work_queue: row.parked_at for row in connection.execute(found)}

    def standing(self, message_ids: Collection[str]) -> set[str]:
        """Return those of them that are parked and not replayed."""
        c = self._m.c
        found = select(c.message_id).where(c.message_id.in_(message_ids), c.state != "replayed")
        with classified(), self._reading.connect() as connection:
            return set(connection.execute(found).scalars())

    def replayed(self, row: Row[Any], *, actor: str, now: datetime) -> None:
        """Note that a message, as it was read, is published again. One that was parked anew since still waits."""
        c = self._m.c
        change = update(self._m).where(c.id == row.id, c.parkings == row.parkings)
        self._change(change, row.id, "replayed", actor, None, now, always=True)

    def discard(self, parked_id: str, *, actor: str, reason: str, now: datetime) -> bool:
        """Discard a message that waits, and say whether it did; another is left as it is. Its bytes are kept."""
        c = self._m.c
        change = update(self._m).where(c.id == parked_id, c.state == "waiting")
        return self._change(change, parked_id, "discarded", actor, reason, now)

    def forget(self, parked_id: str) -> None:
        """Remove a message, with all that was done about it."""
        with classified(), self._engine.begin() as connection:
            connection.execute(delete(self._a).where(self._a.c.parked_id == parked_id))
            connection.execute(delete(self._m).where(self._m.c.id == parked_id))

    def _conditions(self, state: State | None, reason: str | None) -> list[ColumnElement[bool]]:
        c = self._m.c
        conditions = [] if state is None else [c.state == state]
        return conditions if reason is None else [*conditions, c.reason.icontains(reason, autoescape=True)]

    def _change(
        self,
        change: Update,
        parked_id: str,
        state: State,
        actor: str,
        note: str | None,
        now: datetime,
        *,
        always: bool = False,
    ) -> bool:
        values = {"state": state, "changed_at": now, "changed_by": actor, "note": note}
        with classified(), self._engine.begin() as connection:
            changed = connection.execute(change.values(values)).rowcount
            if changed or (always and self._is_there(connection, parked_id)):
                self._note(connection, parked_id, state, actor, note, now)
        return bool(changed)

    def _is_there(self, connection: Connection, parked_id: str) -> bool:
        """Say whether a message is there until the end of the transaction: it may be forgotten by now."""
        found = select(self._m.c.id).where(self._m.c.id == parked_id).with_for_update(read=True, key_share=True)
        return connection.scalar(found) is not None

    def _note(
        self, connection: Connection, parked_id: str, action: str, actor: str | None, note: str | None, now: datetime
    ) -> None:
        values = {"parked_id": parked_id, "at": now, "action": action, "actor": actor, "note": note}
        connection.execute(self._a.insert().values(values))


def _values(parking: ParkedMessage) -> dict[str, Any]:
    return {
        "id": parking.id,
        "work_queue": parking.work_queue,
        "type": parking.type,
        "message_id": parking.message_id,
        "body": parking.body,
        "size_bytes": len(parking.body),
        "headers": dict(parking.headers),
        "trace": dict(parking.trace),
        "kind": parking.kind,
        "reason": parking.reason,
        "parking": parking.parking,
        "parked_at": parking.parked_at,
    }
