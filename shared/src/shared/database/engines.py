"""Makes engines whose commits are durable and whose errors show no parameters.

SQLite: write-ahead log with `synchronous=FULL` (https://www.sqlite.org/pragma.html#pragma_synchronous), and every
writing transaction begins IMMEDIATE: one that began by reading could not wait for its turn to write. Errors name files.
PostgreSQL: `synchronous_commit=on`, read committed, and limits on the waits for a connection, for a lock, for a
statement's end (not in a migration), and for a machine that no longer answers. No limit ends the wait for a server
process that is frozen while its machine answers.
"""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from shared.database.sqlite_files import explained
from shared.database.urls import parsed

_SQLITE = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON"
_POSTGRESQL = "SET synchronous_commit = on; SET lock_timeout = '10s'; SET timezone = 'UTC'"

_BY_INDEX = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"

_POOL_SIZE = 72
"""How many connections one process may hold, each made when it is first needed: the notify service works in up to 64
threads, and answers queries beside them. None is made beyond these, because it would be thrown away after each use."""

_BUSY: Mapping[str, str] = {"timeout": "10"}
"""How many seconds a SQLite connection waits for another one's transaction; the address may override it."""

_LIBPQ: Mapping[str, str] = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""Limits of libpq, each of which the address may override: `…/name?connect_timeout=30`."""

_DECODE = json.JSONDecoder().decode

_USED_S = "counterfoil_used_s"

_READING = "counterfoil_reading"


@dataclass(frozen=True, slots=True)
class Pool:
    """How many connections one process may hold at once, and how long a thread waits for one, in seconds.

    `statement_s` is how long one statement may take, on PostgreSQL; SQLite has no such limit (see `records.bounded`).
    A connection that lay idle for longer than `idle_s` is asked first whether it still works, which takes a round trip
    to PostgreSQL. With 0 each is; a statement over one that is not asked fails where its server has gone.
    """

    size: int = _POOL_SIZE
    wait_s: float = 30.0
    statement_s: float = 60.0
    idle_s: float = 0.0


def create(url: str, *, by_index: bool = False, pool: Pool | None = None) -> Engine:
    """Return an engine for a database address; nothing is connected yet. Raises ValueError for a bad address.

    `by_index` is for a service whose statements all find their rows by an index. PostgreSQL takes a table that it has
    not analysed yet for a small one, and keeps the plan that reads all of it: with 8,000 rows, ten times as slow. It
    reads all of it for a join, too, unless it looks up one row after the other.
    """
    address, pool = parsed(url), pool or Pool()
    return _sqlite(address, pool) if address.drivername == "sqlite" else _postgresql(address, pool, by_index=by_index)


def reading(engine: Engine) -> Engine:
    """Return the same engine for transactions that only read: on SQLite they then wait for no writer."""
    return engine.execution_options(**{_READING: True})


def _json(document: str | bytes) -> Any:
    """Return what a column of JSON holds. `json.loads` takes twice as long for small ones, to find their encoding."""
    return _DECODE(document if isinstance(document, str) else str(document, "utf-8"))


def _sqlite(address: URL, pool: Pool) -> Engine:
    # isolation_level None: the driver begins no transaction of its own, `_begin` does
    engine = create_engine(
        address.update_query_dict({**_BUSY, **address.query}),
        hide_parameters=True,
        pool_size=pool.size,
        pool_timeout=pool.wait_s,
        max_overflow=0,
        connect_args={"isolation_level": None},
        json_deserializer=_json,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.executescript(_SQLITE)

    @event.listens_for(engine, "handle_error")
    def _name_the_file(context: ExceptionContext) -> None:
        error = context.original_exception
        if isinstance(error, sqlite3.Error):
            error.args = (explained(error, address.database or ""),)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(_READING) else "BEGIN IMMEDIATE")

    return engine


def _postgresql(address: URL, pool: Pool, *, by_index: bool) -> Engine:
    engine = create_engine(
        address.update_query_dict({**_LIBPQ, **address.query}),
        hide_parameters=True,
        pool_size=pool.size,
        pool_timeout=pool.wait_s,
        max_overflow=0,
        pool_pre_ping=not pool.idle_s,
        isolation_level="READ COMMITTED",
        json_deserializer=_json,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        limited = f"{_POSTGRESQL}; SET statement_timeout = {int(pool.statement_s * 1000)}"
        connection.execute(f"{limited}; {_BY_INDEX}" if by_index else limited)
        connection.commit()

    if pool.idle_s:
        _ask_the_idle(engine, pool.idle_s)
    return engine


def _ask_the_idle(engine: Engine, idle_s: float) -> None:
    """Have a connection asked whether it still works, where it lay idle for longer."""

    @event.listens_for(engine, "checkin")
    def _note(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[_USED_S] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ask(connection: Any, record: ConnectionPoolEntry, _: object) -> None:
        if time.monotonic() - record.info.get(_USED_S, math.inf) > idle_s:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise InvalidatePoolError from error  # the others may be as dead, and are replaced, too
