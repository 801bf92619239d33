"""Runs statements that read, and lets the database end those that take too long."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Pool
from sqlalchemy.exc import OperationalError

from shared.database import classified, reading

QUERY_SECONDS_MOST = 5.0
"""How long a statement may take: an owner's query must not keep the database from taking in what comes."""

_STEPS = 10_000
"""Instructions of SQLite between two looks at the clock: less than a millisecond."""

_CANCELLED = "57014"
"""PostgreSQL's code of a statement that took too long."""

_BY_INDEX = "SET LOCAL enable_seqscan = off; SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0"
"""Each list has an index. A table that is not analysed yet PostgreSQL takes for a small one, and reads all of it. To
compile a plan takes longer than to run it. Several processes walk four times as far as one for a page, and are four
where the gateway needs the processor."""


AT_ONCE = max(1, len(os.sched_getaffinity(0)) // 2)
"""Statements of a process that a database runs at once: half as many as there are cores. Each has a process of
PostgreSQL, which may share them with whatever takes in submissions."""

PATIENCE_S = 0.25
"""After how long a statement that runs keeps nobody waiting any more: a few slow ones must not hold up all others."""


class QueryTookTooLong(Exception):
    """The database ended a query. The text says what helps, and may be shown."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the query took more than {seconds:g} s and was ended: ask for a form, or for fewer days")


class Turns:
    """Lets a few threads at once do something. Whoever is at it for longer than `patience_s` seconds does not count.

    So short ones are never more than `at_once`, however many wait, and none waits for a long one to end.
    """

    def __init__(self, at_once: int = AT_ONCE, patience_s: float = PATIENCE_S) -> None:
        self._at_once = at_once
        self._patience_s = patience_s
        self._line = threading.Lock()
        self._changed = threading.Condition()
        self._begun_s: dict[object, float] = {}

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and do it."""
        turn = object()
        with self._line, self._changed:  # one waits for what changes, the others for that one
            while (left_s := self._left_s()) > 0:
                self._changed.wait(left_s)
            self._begun_s[turn] = time.monotonic()
        try:
            yield
        finally:
            with self._changed:
                del self._begun_s[turn]
                self._changed.notify()

    def _left_s(self) -> float:
        """Return in how many seconds there is room if nobody ends before."""
        now_s = time.monotonic()
        short = sorted(begun_s for begun_s in self._begun_s.values() if now_s - begun_s < self._patience_s)
        return 0.0 if len(short) < self._at_once else short[-self._at_once] + self._patience_s - now_s


_turns: WeakKeyDictionary[Pool, Turns] = WeakKeyDictionary()


class Reader:
    """Lends connections for short transactions that only read, to a few threads at once: all readers of an engine share
    the turns."""

    def __init__(self, engine: Engine, seconds_most: float = QUERY_SECONDS_MOST) -> None:
        self._engine = reading(engine)
        self._seconds = seconds_most
        self._turns = _turns.setdefault(engine.pool, Turns())
        self._is_sqlite = engine.dialect.name == "sqlite"

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend one; raises `QueryTookTooLong`, and else as `classified` does."""
        with self._turns.turn(), classified(), self._engine.begin() as connection:
            try:
                with self._limited(connection):
                    yield connection
            except OperationalError as error:
                if _is_ended(error):
                    raise QueryTookTooLong(self._seconds) from None
                raise

    @contextmanager
    def _limited(self, connection: Connection) -> Iterator[None]:
        if not self._is_sqlite:
            limit = f"SET LOCAL statement_timeout = {int(self._seconds * 1000)}"
            connection.exec_driver_sql(f"{limit}; {_BY_INDEX}")
            yield
            return
        until = time.monotonic() + self._seconds
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101 - it is open
        driver.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
        try:
            yield
        finally:
            driver.set_progress_handler(None, 0)


def _is_ended(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlstate", None) == _CANCELLED or "interrupted" in str(error.orig)
