"""Fills the index behind the drain: one process of many, in short transactions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import structlog
from sqlalchemy import Engine, Row

from shared.contracts import Control, reply_address_of
from shared.database import Lease, classified, reading
from shared.messaging.failures import DependencyUnavailable
from shared.messaging.worker import STUCK_AFTER_S, probe_delay_s
from storage_service.records.index.entries import Entry, entry_of
from storage_service.records.index.mailboxes import mailboxes_of
from storage_service.records.index.pace import pace_for, rest_s
from storage_service.records.index.progress import (
    Progress,
    begin_anew,
    came_since,
    come_to,
    missing_since,
    newest_stored,
    progress,
)
from storage_service.records.index.writing import Seen, behind, by_index, write
from storage_service.tables import LEASES

LOOK_EVERY_S = 0.5

ROWS_AT_ONCE = 500
CHARACTERS_AT_ONCE = 4 * 1024 * 1024
"""How much is read and made at once: rows, or characters of fields, but always one row."""

OVERTAKEN = timedelta(minutes=2)
"""How much later than it says a submission may become visible: a batch that waits for a lock, a clock that is slow."""

LOOK_BACK_EVERY_S = 10.0
_NEAR = timedelta(seconds=5)

Sensitive: TypeAlias = Callable[[str], Collection[str]]
"""Returns the names of a form's fields that must not be found."""


def _nothing(_form: str) -> Collection[str]:
    return ()


def rebuild(engine: Engine) -> None:
    """Have the index made anew by whoever fills it, while it is in use. Raises as `classified` does."""
    with classified(), engine.begin() as connection:
        begin_anew(connection)


class Indexer:
    """Runs beside what else a process does, as a consumer does (`broker.Consumer`): `run` until `stop`.

    Several may run; only the one that has the lease works. While the database is away it waits.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        sensitive: Sensitive = _nothing,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._sensitive = sensitive
        self._clock = clock
        self._look_every_s = look_every_s
        self._lease = Lease(LEASES, "search")
        self._pace = pace_for(engine.dialect.name)
        self._is_flooded = False
        self._stopping = threading.Event()
        self._turned_s = time.monotonic()
        self._looked_back_s = float("-inf")
        self._near: Progress | None = None
        self._log = structlog.get_logger().bind(part="search index")

    def run(self) -> None:
        """Work until `stop`; then finish the transaction in hand, and give the lease back."""
        failures = 0
        while not self._stopping.is_set():
            self._turned_s = time.monotonic()
            try:
                written = self.turn()
                failures = 0
            except DependencyUnavailable as error:
                written, failures = 0, failures + 1
                self._log.warning("the search index waits", because=str(error))
            except Exception as error:  # noqa: BLE001 - a bug must not end the service; the index is a derived one
                written, failures = 0, failures + 1
                self._log.error("the search index failed", error=type(error).__name__, exc_info=error)
            if failures:
                self._stopping.wait(probe_delay_s(failures))
            else:
                self._stopping.wait(self._pause_s() if written else self._look_every_s)
        self._give_back()

    def stop(self) -> None:
        """Make `run` return soon."""
        self._stopping.set()

    def missing(self) -> list[str]:
        """Return nothing: what is not in the index yet holds nothing up."""
        return []

    def stuck(self) -> list[str]:
        """Return what says that only a restart helps; see `broker.Consumer`."""
        is_stuck = time.monotonic() - self._turned_s > STUCK_AFTER_S
        return ["search index: its thread does not turn"] if is_stuck else []

    def lag_s(self) -> float:
        """Return how long the oldest submission that is not in the index has been stored; raises as `classified`."""
        with classified(), self._reading.connect() as connection:
            come = progress(connection)
            since = come or Progress(0, datetime(1970, 1, 1, tzinfo=UTC))
            first = connection.execute(missing_since(since.generation, since.stored_at).limit(1)).one_or_none()
        return max(0.0, (self._clock() - first.stored_at).total_seconds()) if first else 0.0

    def turn(self) -> int:
        """Put what is missing into the index, a part of it, and return how many; raises `DependencyUnavailable`."""
        now = self._clock()
        if not self._is_leased(now):
            return 0
        come = self._come_so_far()
        since = self._place(come)
        newest, rows, is_all = self._read(come.generation, since)
        entries = {row.id: self._entry(row) for row in rows}
        seen = {row.id: (row.stored_at, row.anonymised_at) for row in rows}
        written = self._write(entries, come.generation, seen)
        self._is_flooded = not is_all and self._came_meanwhile(newest, len(rows))
        until = now if is_all else rows[-1].stored_at
        self._near = Progress(come.generation, max(since, until - _NEAR) if is_all else until)
        self._note(come, min(until, now - OVERTAKEN))
        return written

    def _place(self, come: Progress) -> datetime:
        """Return from where to look: now and then from what is surely done, else from a moment ago."""
        now_s = time.monotonic()
        if self._near is None or self._near.generation != come.generation:
            self._looked_back_s = now_s
            return come.stored_at
        if now_s - self._looked_back_s > LOOK_BACK_EVERY_S:
            self._looked_back_s = now_s
            return come.stored_at
        return max(self._near.stored_at, come.stored_at)

    def _come_so_far(self) -> Progress:
        with classified(), self._reading.connect() as connection:
            come = progress(connection)
        if come is not None:
            return come
        with classified(), self._engine.begin() as connection:
            self._log.info("the search index is made anew")
            return progress(connection) or begin_anew(connection)

    def _read(self, generation: int, since: datetime) -> tuple[datetime | None, Sequence[Row[Any]], bool]:
        """Return when the newest of all was stored, what is next, and whether that is all there is."""
        rows, characters = list[Row[Any]](), 0
        found = missing_since(generation, since).limit(ROWS_AT_ONCE + 1)
        with classified(), self._reading.begin() as connection:
            by_index(connection)
            newest = newest_stored(connection)
            for row in connection.execution_options(yield_per=50).execute(found):
                characters += row.characters
                if rows and (len(rows) == ROWS_AT_ONCE or characters > CHARACTERS_AT_ONCE):
                    return newest, rows, False
                rows.append(row)
        return newest, rows, True

    def _pause_s(self) -> float:
        return rest_s(time.monotonic() - self._turned_s) if self._is_flooded else 0.0

    def _came_meanwhile(self, newest: datetime | None, rows: int) -> bool:
        """Return whether so many were stored since the newest of them was this one."""
        with classified(), self._reading.begin() as connection:
            by_index(connection)
            return newest is not None and came_since(connection, newest, rows)

    def _entry(self, row: Row[Any]) -> Entry:
        control = Control(reply_to=row.control.get("reply_to"))
        address = reply_address_of(control, row.fields) or ""
        return entry_of(row.fields, address, without=self._sensitive(row.form), mailboxes=mailboxes_of(row))

    def _write(self, entries: Mapping[UUID, Entry], generation: int, seen: Seen) -> int:
        keys, written = list(entries), 0
        while keys and not self._stopping.is_set():
            some, keys = keys[: self._pace.rows], keys[self._pace.rows :]
            with classified(), self._engine.begin() as connection:
                begun_s = time.monotonic()
                behind(connection)
                written += write(connection, {key: entries[key] for key in some}, generation, seen)
            self._pace.took(len(some), time.monotonic() - begun_s)
        return written

    def _note(self, come: Progress, moment: datetime) -> None:
        is_worth_it = moment - come.stored_at > timedelta(seconds=LOOK_BACK_EVERY_S)
        if is_worth_it and not self._stopping.is_set():
            with classified(), self._engine.begin() as connection:
                come_to(connection, moment, come.generation)

    def _is_leased(self, now: datetime) -> bool:
        if self._lease.is_running(now):
            return True
        with classified(), self._engine.begin() as connection:
            return self._lease.is_taken(connection, now)

    def _give_back(self) -> None:
        try:
            with classified(), self._engine.begin() as connection:
                self._lease.give_back(connection)
        except DependencyUnavailable as error:  # it ends by itself
            self._log.info("the lease was not given back", because=str(error))
