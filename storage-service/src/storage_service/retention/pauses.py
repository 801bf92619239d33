"""Pauses retention, for one form or for all: what is erased cannot be had back, so an owner can stop it at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from shared.database import classified, reading
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.tables import RETENTION

ALL = "*"
"""Stands for all forms: no form is called so."""

_P = RETENTION.pauses.c


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when, and who said so."""

    at: datetime
    by: str


class Pauses:
    """The pauses of a database. All methods raise as `classified` does; `form` is a form's name, None for all."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._clock = clock
        self._audit = Audit(engine, clock=clock)

    def pause(self, form: str | None, by: Asker) -> bool:
        """Have nothing more erased or made anonymous, but for the step in hand; False where it was paused already."""
        values = {"form": form or ALL, "at": self._clock(), "by": by.name}
        with classified(), self._engine.begin() as connection:
            made = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(RETENTION.pauses)
            put = made.values(values).on_conflict_do_nothing().returning(_P.form)
            is_new = bool(connection.execute(put).all())
            if is_new:
                self._audit.note(by, "retention.paused", form or "all forms", within=connection)
        return is_new

    def resume(self, form: str | None, by: Asker) -> bool:
        """Go on where it is not paused otherwise; False where it was not paused so."""
        with classified(), self._engine.begin() as connection:
            was = connection.execute(delete(RETENTION.pauses).where(_P.form == (form or ALL))).rowcount > 0
            if was:
                self._audit.note(by, "retention.resumed", form or "all forms", within=connection)
        return was

    def listed(self) -> Mapping[str, Pause]:
        """Return the pauses by form, and that of all by `ALL`."""
        with classified(), reading(self._engine).connect() as connection:
            return pauses_in(connection)


def pauses_in(connection: Connection) -> Mapping[str, Pause]:
    """Return the pauses as this transaction sees them."""
    return {row.form: Pause(row.at, row.by) for row in connection.execute(select(RETENTION.pauses))}
