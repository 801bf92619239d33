"""Reads and writes how far the sweep has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from storage_service.tables import SWEEP

_NAME = "files"
_S = SWEEP.sweep.c


@dataclass(frozen=True, slots=True)
class Swept:
    """All that was published before `settled_from` was settled at `settled_at`, and all keys were looked at for what is
    in `listed_for`; None for not yet."""

    settled_from: datetime | None
    settled_at: datetime | None
    listed_for: datetime | None


def read(connection: Connection) -> Swept | None:
    """Return how far it has come; None where no console has a store of files."""
    row = connection.execute(
        select(_S.settled_from, _S.settled_at, _S.listed_for).where(_S.name == _NAME)
    ).one_or_none()
    return None if row is None else Swept(*row)


def begin(connection: Connection) -> Swept:
    """Have storage look from now on."""
    connection.execute(insert(SWEEP.sweep).values(name=_NAME))
    return Swept(None, None, None)


def settled(connection: Connection, since: datetime, at: datetime) -> None:
    """Note that all that was published before `since` is settled by now."""
    connection.execute(update(SWEEP.sweep).where(_S.name == _NAME).values(settled_from=since, settled_at=at))


def listed(connection: Connection, settled_from: datetime) -> None:
    """Note that all keys were looked at."""
    connection.execute(update(SWEEP.sweep).where(_S.name == _NAME).values(listed_for=settled_from))
