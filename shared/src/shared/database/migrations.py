"""Runs a service's Alembic migrations under a lock, so that several processes may start at once."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from zlib import crc32

import structlog
from sqlalchemy import Connection, Engine, MetaData, column, func, inspect, select, table, text
from sqlalchemy.exc import DBAPIError

from shared.database.engines import reading
from shared.database.failures import classified
from shared.database.sqlite_files import is_not_made
from shared.messaging.failures import DependencyUnavailable

if TYPE_CHECKING:  # a start only compares revisions: it need not wait for Alembic, nor keep it in memory
    from alembic.config import Config
    from alembic.script import Script

_SCRIPT = re.compile(r"m(\d{4})_\w+\.py")
"""The name of a migration's file, which says its revision."""


class MigrationFailed(Exception):
    """The schema could not be changed, and is as it was; the text says why."""


@dataclass(frozen=True, slots=True)
class Migrations:
    """The migrations of one service: where its scripts are (`package:folder`) and where it keeps its version.

    Two services may share a database: each has a version table of its own and leaves the other's tables alone.
    """

    location: str
    version_table: str
    metadata: MetaData

    def upgrade(self, engine: Engine) -> None:
        """Bring the schema up to date in one transaction; a second call, or one at the same time, does nothing.

        A schema that a newer version has made is left as it is: this version works with it, too. Raises
        `MigrationFailed`.
        """
        with _migrating(engine) as connection:
            self.upgrade_within(connection)

    def upgrade_within(self, connection: Connection) -> None:
        """Bring the schema up to date in a transaction that has begun; others wait until it ends."""
        before = self._locked(connection)
        if not before <= self.known():
            structlog.get_logger().warning("the schema is of a newer version, and left so", table=self.version_table)
            return
        from alembic import command  # noqa: PLC0415 - see above

        command.upgrade(self._config(connection), "head")
        self._tell(before, self._current(connection))

    def downgrade(self, engine: Engine, revision: str, *, force: bool = False) -> None:
        """Take the schema back to an earlier revision, in one transaction; at that revision it does nothing.

        A migration's `lost(connection)` says in words what its way back would lose. Raises `MigrationFailed` with all
        of that, unless `force`; and where this version does not know the revision, or the schema is older.
        """
        with _migrating(engine) as connection:
            before = self._locked(connection)
            lost = [each for step in self._back(before, revision) for each in self._taken_back(connection, step)]
            if lost and not force:
                raise MigrationFailed(f"going back to {revision} would lose:\n" + "\n".join(f"- {one}" for one in lost))
            self._tell(before, self._current(connection))

    def _back(self, current: set[str], revision: str) -> Sequence[Script]:
        """Return the migrations to take back, the latest first."""
        from alembic.script import ScriptDirectory  # noqa: PLC0415

        scripts, known = list(ScriptDirectory.from_config(self._config()).walk_revisions()), sorted(self.known())
        if revision not in known:
            raise MigrationFailed(f"there is no revision {revision}, only {', '.join(known)}")
        if not current or not revision <= max(current) <= known[-1]:
            is_at = f"at {max(current)}" if current else "empty"
            raise MigrationFailed(f"the database is {is_at}: this version cannot take it back to {revision}")
        return [script for script in scripts if revision < script.revision <= max(current)]

    def _taken_back(self, connection: Connection, step: Script) -> Sequence[str]:
        """Take one migration back, and return what that loses."""
        from alembic import command  # noqa: PLC0415

        lost: Sequence[str] = step.module.lost(connection) if hasattr(step.module, "lost") else ()
        command.downgrade(self._config(connection), str(step.down_revision))
        return lost

    def _locked(self, connection: Connection) -> set[str]:
        """Wait for other migrations, and return the revision of the schema."""
        _lift_limits(connection)
        if connection.dialect.name == "postgresql":  # on SQLite the transaction itself is the lock
            connection.execute(select(func.pg_advisory_xact_lock(crc32(self.version_table.encode()))))
        return self._current(connection)

    def _tell(self, before: set[str], after: set[str]) -> None:
        structlog.get_logger().info("migrated", table=self.version_table, before=sorted(before), after=sorted(after))

    def pending(self, engine: Engine) -> bool:
        """Say whether the schema is older than this code; a newer one is not pending. Raises as `classified` does.

        A SQLite file that is not there is not made by asking.
        """
        if engine.dialect.name == "sqlite" and is_not_made(engine.url.database or ""):
            return True
        with classified(), reading(engine).connect() as connection:
            current = self._current(connection)
        known = self.known()
        return not current or (current <= known and current != {max(known)})

    @staticmethod
    def advice(engine: Engine, program: str) -> str:
        """Return what is told to whoever works with a database whose migration is pending."""
        place = engine.url.set(query={}).render_as_string(hide_password=True)
        mend = f"run `{program} migrate` first, or name another by COUNTERFOIL_DATABASE_URL"
        return f"the database {place} has not been migrated: {mend}"

    def needed_at_start(self, engine: Engine) -> bool:
        """Say whether a service has to wait for a migration before it starts.

        It starts without a database that is away: its consumers hold what arrives until the database is back.
        """
        try:
            return self.pending(engine)
        except DependencyUnavailable as error:
            structlog.get_logger().warning("starting without the database", reason=str(error))
            return False

    def run(self, connection: Connection) -> None:
        """Run the migrations that Alembic was asked for; a service's `env.py` calls this."""
        from alembic import context  # noqa: PLC0415

        _lift_limits(connection)
        context.configure(connection=connection, target_metadata=self.metadata, **self.options())
        with context.begin_transaction():
            context.run_migrations()

    def known(self) -> set[str]:
        """Return the revisions of this version, by the names of its files."""
        package, _, folder = self.location.partition(":")
        names = [one.name for one in files(package).joinpath(folder, "versions").iterdir()]
        return {found[1] for found in map(_SCRIPT.fullmatch, names) if found}

    def options(self) -> dict[str, Any]:
        """Return the options with which Alembic sees this service's own tables alone, and compares types."""
        return {
            "version_table": self.version_table,
            "include_name": self._is_own,
            "compare_type": True,
        }

    def _current(self, connection: Connection) -> set[str]:
        """Return the revision of the schema, where Alembic keeps it; none of an empty one."""
        if not inspect(connection).has_table(self.version_table):
            return set()
        return set(connection.scalars(select(column("version_num")).select_from(table(self.version_table))))

    def _is_own(self, name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name in self.metadata.tables

    def _config(self, connection: Connection | None = None) -> Config:
        from alembic.config import Config  # noqa: PLC0415

        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", self.location)
        return config


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """Begin a transaction; what the database refuses raises `MigrationFailed`."""
    importlib.import_module("alembic.command")  # not within the transaction, for which others wait
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise MigrationFailed(f"the database cannot be migrated: {error.orig}") from error


def _lift_limits(connection: Connection) -> None:
    """Let this transaction wait without a limit, for another migration or for an index over many rows."""
    if connection.dialect.name == "postgresql":
        for limit in ("lock_timeout", "statement_timeout"):
            connection.execute(text(f"SET LOCAL {limit} = 0"))
