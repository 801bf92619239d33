"""Finds the parked messages that name a person's mailbox, and forgets them for ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import structlog
from sqlalchemy import Connection, Engine, Row, Select, delete, select, tuple_

from shared.contracts import Unacceptable, parse
from shared.database import classified, iso, reading
from shared.mailboxes import mailboxes_in
from shared.messaging.broker import Answer, Params, QueryMethod
from shared.parked.cursors import cursor_of, position_of
from shared.parked.tables import ParkedTables

LOOKED_AT_MOST = 200
BYTES_MOST = 8 * 1024 * 1024
"""How many messages one query looks into, and how much of them, but always one: others wait for their answers."""

FORGOTTEN_MOST = 100

MAILBOXES_MOST = 20

_log = structlog.get_logger()

Forgetting: TypeAlias = Callable[[Connection, Sequence[bytes]], None]


def nothing_beside(_connection: Connection, _bodies: Sequence[bytes]) -> None:
    """Forget nothing else: where messages are all there is."""


class Naming:
    """The parked messages of a service, by whom they name. Both methods raise as `classified` does.

    `forgetting` is called with the bodies of what is forgotten, in the transaction that does it.
    """

    def __init__(self, engine: Engine, tables: ParkedTables, forgetting: Forgetting = nothing_beside) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._tables = tables
        self._forgetting = forgetting

    def page(self, mailboxes: Sequence[str], cursor: str | None) -> dict[str, Any]:
        """Look into some messages, newest first, in any state: `found`, `looked_at`, `next_cursor`.

        Raises ValueError for a cursor that was not made here.
        """
        wanted = set(mailboxes)
        rows, is_all = self._rows(cursor)
        found = [_shown(row) for row in rows if not wanted.isdisjoint(mailboxes_in(_said(bytes(row.body))))]
        last = None if is_all else cursor_of({"parked_at": iso(rows[-1].parked_at), "id": rows[-1].id})
        return {"found": found, "looked_at": len(rows), "next_cursor": last}

    def forget(self, ids: Sequence[str], actor: str) -> int:
        """Remove messages, whatever was done about them, with all that was done, and return how many."""
        with classified(), self._engine.begin() as connection:
            messages = self._tables.messages.c
            bodies = connection.scalars(select(messages.body).where(messages.id.in_(ids)))
            self._forgetting(connection, list(map(bytes, bodies)))
            forgotten = _forget(connection, self._tables, ids)
        _log.info("forgot parked messages", count=forgotten, by=actor)
        return forgotten

    def _rows(self, cursor: str | None) -> tuple[list[Row[Any]], bool]:
        c = self._tables.messages.c
        found: Select[Any] = select(c.id, c.message_id, c.type, c.work_queue, c.state, c.parked_at, c.body)
        if cursor is not None:
            found = found.where(tuple_(c.parked_at, c.id) < position_of(cursor))
        rows, size_bytes = list[Row[Any]](), 0
        found = found.order_by(c.parked_at.desc(), c.id.desc())
        with classified(), self._reading.connect() as connection:
            for row in connection.execution_options(yield_per=20).execute(found.limit(LOOKED_AT_MOST + 1)):
                if rows and (len(rows) == LOOKED_AT_MOST or size_bytes > BYTES_MOST):
                    return rows, False
                size_bytes += len(row.body)
                rows.append(row)
        return rows, True


def methods(naming: Naming) -> Mapping[str, QueryMethod]:
    """Return the method `parked.naming` {mailboxes, cursor} by its name."""

    def page(params: Params) -> Answer:
        mailboxes = [str(one) for one in params["mailboxes"]][:MAILBOXES_MOST]
        try:
            return naming.page(mailboxes, params["cursor"])
        except ValueError:
            return {"error": "cursor"}

    return {"parked.naming": page}


def erasing_methods(naming: Naming) -> Mapping[str, QueryMethod]:
    """Return the method `parked.forget` {ids, actor} by its name: it is for the console alone."""

    def forget(params: Params) -> Answer:
        return {"forgotten": naming.forget([str(one) for one in params["ids"]][:FORGOTTEN_MOST], str(params["actor"]))}

    return {"parked.forget": forget}


def _forget(connection: Connection, tables: ParkedTables, ids: Sequence[str]) -> int:
    connection.execute(delete(tables.actions).where(tables.actions.c.parked_id.in_(ids)))
    return connection.execute(delete(tables.messages).where(tables.messages.c.id.in_(ids))).rowcount


def _shown(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "message_id": row.message_id,
        "type": row.type,
        "queue": row.work_queue,
        "state": row.state,
        "parked_at": iso(row.parked_at),
    }


def _said(body: bytes) -> Any:
    """Return the document that a message is, or its text where it is none."""
    try:
        return parse(body)
    except Unacceptable:
        return body.decode(errors="replace")
