"""Makes PostgreSQL fail: away, frozen, locked, read-only, out of connections, full."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from dev.postgres import Postgres

_FULL = """
CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER is_full BEFORE INSERT ON submissions FOR EACH STATEMENT EXECUTE FUNCTION is_full();
CREATE TRIGGER is_full BEFORE INSERT ON deliveries FOR EACH STATEMENT EXECUTE FUNCTION is_full();
"""
_NO_LONGER_FULL = "DROP FUNCTION IF EXISTS is_full() CASCADE"


@dataclass
class DatabaseAway:
    """The server ends as in a power cut, and comes back with its disk."""

    postgres: Postgres
    kills: int = 0
    is_away: bool = False

    def inject(self) -> None:
        """Kill it."""
        self.postgres.kill()
        self.kills += 1
        self.is_away = True

    def heal(self) -> None:
        """Start it again."""
        if self.is_away:
            self.postgres.start()
            self.is_away = False

    def evidence(self) -> dict[str, int]:
        """Return how often it was killed."""
        return {"database kills": self.kills}


@dataclass
class TableLocked:
    """Somebody holds a lock on the services' tables, as a migration by hand may."""

    database_url: str
    locks: int = 0
    _held: list[psycopg.Connection] = field(default_factory=list)

    def inject(self) -> None:
        """Take the lock; returns when it is held."""
        connection = psycopg.connect(self.database_url)
        connection.execute("LOCK TABLE submissions, deliveries IN ACCESS EXCLUSIVE MODE")
        self._held.append(connection)
        self.locks += 1

    def heal(self) -> None:
        """Give it back."""
        while self._held:
            self._held.pop().close()

    def evidence(self) -> dict[str, int]:
        """Return how often it was held."""
        return {"locks held": self.locks}


@dataclass
class Executed:
    """Whatever a statement does to the services' database, and another takes back; open connections are ended."""

    postgres: Postgres
    database_url: str
    name: str
    harm: str
    mend: str
    times: int = 0

    def inject(self) -> None:
        """Do it."""
        self._run(self.harm)
        self.times += 1

    def heal(self) -> None:
        """Take it back."""
        self._run(self.mend)

    def evidence(self) -> dict[str, int]:
        """Return how often it was done."""
        return {self.name: self.times}

    def _run(self, statements: str) -> None:
        with psycopg.connect(self.database_url, options="-c default_transaction_read_only=off") as connection:
            connection.execute(statements.encode())
        _end_others(self.postgres, self.database_url)


def read_only(postgres: Postgres, database_url: str) -> Executed:
    """Return the fault that the database takes no writes, as a replica that was not promoted."""
    alter = f"ALTER DATABASE {_name(database_url)} SET default_transaction_read_only = "
    return Executed(postgres, database_url, "times read-only", f"{alter}on", f"{alter}off")


def disk_full(postgres: Postgres, database_url: str) -> Executed:
    """Return the fault that nothing can be written for want of space: PostgreSQL's error 53100, raised by a trigger.

    To fill a real disk takes a file system of its own, and so the rights of root.
    """
    return Executed(postgres, database_url, "times full", _FULL, _NO_LONGER_FULL)


@dataclass
class ConnectionsTaken:
    """Others hold every connection that there is."""

    postgres: Postgres
    database_url: str
    taken: int = 0
    _held: list[psycopg.Connection] = field(default_factory=list)

    def inject(self) -> None:
        """Take them all, those of the services too, who come back as long as one is free."""
        self._take_one()
        while self._services_have_one():
            _end_all(self._held[0], self.database_url)
            while self._take_one():
                self.taken += 1

    def heal(self) -> None:
        """Give them back."""
        while self._held:
            self._held.pop().close()

    def evidence(self) -> dict[str, int]:
        """Return how many were taken."""
        return {"connections taken": self.taken}

    def _services_have_one(self) -> bool:
        asked = sql.SQL("SELECT 1 FROM pg_stat_activity WHERE datname = {}").format(_literal(self.database_url))
        return self._held[0].execute(asked).fetchone() is not None

    def _take_one(self) -> bool:
        try:
            self._held.append(psycopg.connect(self.postgres.url_of("postgres"), autocommit=True))
        except psycopg.OperationalError:
            return False
        return True


def _end_others(postgres: Postgres, database_url: str) -> None:
    with psycopg.connect(postgres.url_of("postgres"), autocommit=True) as connection:
        _end_all(connection, database_url)


def _end_all(connection: psycopg.Connection, database_url: str) -> None:
    ended = sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}")
    connection.execute(ended.format(_literal(database_url)))


def _literal(database_url: str) -> sql.Literal:
    return sql.Literal(_name(database_url))


def _name(database_url: str) -> str:
    return urlsplit(database_url).path.removeprefix("/")
