"""Limits how often somebody may try to sign in: by account and by where they come from, with waits that grow.

Nobody is kept waiting in a thread: who comes too early is told when to come again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from sqlalchemy import Connection, Engine, case, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from shared.database import classified, reading
from shared.sources import network_of
from storage_service.accounts.addresses import folded_or_not
from storage_service.accounts.devices import Devices
from storage_service.accounts.tokens import hash_of
from storage_service.accounts.writing import sweep, writing
from storage_service.tables import ACCOUNTS

FREE: Mapping[str, int] = {"account": 5, "source": 20, "device": 10}
"""How many tries may fail before the first wait: an office is one source."""

WAIT_FIRST_S = 2
WAIT_MOST_S = 900
"""The first wait, and the longest: each is twice the one before."""

FORGOTTEN_AFTER = timedelta(days=1)
AHEAD_MOST = timedelta(seconds=WAIT_MOST_S)
"""How far the clock of another console may be ahead. What is said to be later than that was noted by a wrong clock."""

_T = ACCOUNTS.tries.c


class TooMany(Exception):
    """Too many tries: come again in `retry_after_s` seconds, 1 at least."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many tries: again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Try:
    """A try that is counted as one that failed, until it is said to be none. `known` is one of a known browser."""

    keys: Sequence[str]
    known: bool


class Tries:
    """The tries of a database. All methods raise as `classified` does."""

    def __init__(
        self, engine: Engine, devices: Devices, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._devices = devices
        self._clock = clock

    def check(self, email: str, source: str | None, device: str | None = None, *, kind: str = "password") -> Try:
        """Count a try to sign in to an account, whether it exists or not; raises `TooMany`, and then it is not counted.

        A browser that has signed in to it before is held up by its own tries alone. Counting comes first: of a hundred
        tries at once, no more get through than one after the other. `kind` tells apart what is tried.
        """
        folded = folded_or_not(email)
        known = self._devices.knows(device, folded)
        keys = [f"{kind} device {hash_of(device or '')}"] if known else _strangers(kind, folded, source)
        with classified(), self._reading.connect() as connection:
            self._refuse(connection, keys)
        with writing(self._engine) as connection:
            _put(connection, keys, self._clock())
            self._refuse(connection, keys, lock=True)
            self._count(connection, keys)
        return Try(keys, known)

    def succeeded(self, tried: Try) -> None:
        """Forgive the account, or the browser, all its tries, and the source this one.

        Not the others of the source: else whoever has an account could try out others from there.
        """
        own = [key for key in tried.keys if not _is_of_a_source(key)]
        with writing(self._engine) as connection:
            connection.execute(delete(ACCOUNTS.tries).where(_T.key.in_(own)))
            _count_back(connection, [key for key in tried.keys if _is_of_a_source(key)])

    def give_back(self, tried: Try) -> None:
        """Say of a try that it was none: nothing was looked at."""
        with writing(self._engine) as connection:
            _count_back(connection, tried.keys)

    def _refuse(self, connection: Connection, keys: Sequence[str], *, lock: bool = False) -> None:
        found = select(ACCOUNTS.tries).where(_T.key.in_(keys)).order_by(_T.key)
        now = self._clock()
        rows = connection.execute(found.with_for_update() if lock else found).all()
        waits = [_left(row.last_at, _wait(row.key, row.failures), now).total_seconds() for row in rows]
        if (wait_s := max(waits, default=0.0)) > 0:
            raise TooMany(min(ceil(wait_s), WAIT_MOST_S))

    def _count(self, connection: Connection, keys: Sequence[str]) -> None:
        now = self._clock()
        is_old = or_(_T.last_at <= now - FORGOTTEN_AFTER, _T.last_at > now + AHEAD_MOST)
        counted = update(ACCOUNTS.tries).where(_T.key.in_(keys))
        connection.execute(counted.values(failures=case((is_old, 1), else_=_T.failures + 1), last_at=now))


def _strangers(kind: str, folded: str, source: str | None) -> list[str]:
    account = hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()
    return [f"{kind} account {account}", f"{kind} source {network_of(source or 'unknown')}"]


def _is_of_a_source(key: str) -> bool:
    return key.split(" ")[1] == "source"


def _wait(key: str, failures: int) -> timedelta:
    beyond = failures - FREE[key.split(" ")[1]]
    return timedelta(seconds=0 if beyond < 0 else min(WAIT_FIRST_S * 2 ** min(beyond, 20), WAIT_MOST_S))


def _left(last_at: datetime, wait: timedelta, now: datetime) -> timedelta:
    """Return how much of a wait is left, whatever the clock said by which the last try was noted: no more than all."""
    return timedelta(0) if last_at > now + AHEAD_MOST else wait - max(now - last_at, timedelta(0))


def _put(connection: Connection, keys: Sequence[str], now: datetime) -> None:
    """Make the rows that are to be locked, and forget some old ones of anybody."""
    made = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(ACCOUNTS.tries)
    rows = [{"key": key, "failures": 0, "last_at": now} for key in sorted(keys)]
    connection.execute(made.values(rows).on_conflict_do_nothing())
    sweep(connection, _T.key, _T.last_at, _T.last_at <= now - FORGOTTEN_AFTER, _T.key.not_in(keys))


def _count_back(connection: Connection, keys: Sequence[str]) -> None:
    counted = update(ACCOUNTS.tries).where(_T.key.in_(keys), _T.failures > 0)
    connection.execute(counted.values(failures=_T.failures - 1))
