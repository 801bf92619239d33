"""Keeps what came of the last training: of one that made no model nothing else would be left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from shared.database import classified
from storage_service.spam.outcome import KINDS, Outcome
from storage_service.tables import SPAM

LAST = "last"
"""Of the one row that there is."""

_T = SPAM.trainings.c


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a training, and when."""

    outcome: Outcome
    at: datetime


def keep(engine: Engine, outcome: Outcome, at: datetime) -> None:
    """Write what came of a training over what came of the one before; raises as `classified` does."""
    insert = (postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert)(SPAM.trainings)
    values = {"kind": outcome.kind, "words": outcome.words, "ended_at": at}
    with classified(), engine.begin() as connection:
        connection.execute(
            insert.values(name=LAST, **values).on_conflict_do_update(index_elements=[_T.name], set_=values)
        )


def last(connection: Connection) -> Ended | None:
    """Return what came of the last one; None before the first, or where a later version wrote what this one does not
    know."""
    row = connection.execute(select(_T.kind, _T.words, _T.ended_at).where(_T.name == LAST)).one_or_none()
    return Ended(Outcome(row.kind, row.words), row.ended_at) if row is not None and row.kind in KINDS else None
