"""Leaves out whose labels do not count: an account that was taken over, or that marks at random, teaches nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from shared.database import classified
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.tables import SPAM

_O = SPAM.left_out.c


class Authors:
    """Says whose labels count. All methods raise as `classified` does."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._audit = Audit(engine, clock=clock)
        self._clock = clock

    def leave_out(self, author: str, by: Asker) -> bool:
        """Let no label of theirs count from the next training on; return False where none did already."""
        with classified(), self._engine.begin() as connection:
            insert = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(SPAM.left_out)
            new = insert.values(author=author, at=self._clock(), by=by.name).on_conflict_do_nothing()
            is_new = bool(connection.execute(new.returning(_O.author)).all())
            if is_new:
                self._audit.note(by, "spam.without", author, within=connection)
        return is_new

    def take_in(self, author: str, by: Asker) -> bool:
        """Let their labels count again; return False where they do."""
        with classified(), self._engine.begin() as connection:
            gone = connection.execute(delete(SPAM.left_out).where(_O.author == author).returning(_O.author)).all()
            if gone:
                self._audit.note(by, "spam.with", author, within=connection)
        return bool(gone)


def left_out(connection: Connection) -> tuple[str, ...]:
    """Return whose labels do not count."""
    return tuple(connection.scalars(select(_O.author).order_by(_O.author)))
