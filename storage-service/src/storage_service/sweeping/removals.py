"""Deletes from the store what a transaction has noted in `file_removals`, once that is committed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, func, select

from shared.database import classified, reading
from shared.failpoints import Reach, ignore
from shared.files import FileStore
from storage_service.sweeping.deleting import Deleting
from storage_service.sweeping.orphans import needed
from storage_service.tables import FILES

AT_ONCE = 100
LOOK_EVERY_S = 5.0
REST_S = 0.1

_R = FILES.removals.c


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many keys wait, and since when the oldest does; None where none does."""

    count: int
    since: datetime | None


class Removals:
    """Deletes a hundred at once. Done twice it does no more: what is not there is no error."""

    def __init__(
        self,
        engine: Engine,
        store: FileStore,
        *,
        removed: Callable[[int], None] = lambda _: None,
        undeletable: Callable[[int], None] = lambda _: None,
        reach: Reach = ignore,
    ) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._deleting = Deleting(store, told=undeletable)
        self._removed = removed
        self._reach = reach

    def turn(self) -> float:
        """Delete the oldest; see `behind.Behind`. Raises as `classified`, and `StoreUnavailable`."""
        waiting = select(_R.key).where(_R.key.not_in(self._deleting.passed_over()))
        with classified(), self._reading.connect() as connection:
            keys = list(connection.scalars(waiting.order_by(_R.at).limit(AT_ONCE)))
            kept = needed(connection, keys)
        if not keys:
            return LOOK_EVERY_S
        gone = self._deleting.delete([key for key in keys if key not in kept])
        self._reach("files-removed")
        with classified(), self._engine.begin() as connection:
            _done(connection, {*gone, *kept})
        self._removed(len(gone))
        return REST_S


def waiting(connection: Connection) -> Waiting:
    """Return what waits."""
    count, since = connection.execute(select(func.count(), func.min(_R.at))).one()
    return Waiting(count, since)


def _done(connection: Connection, keys: Collection[str]) -> None:
    connection.execute(delete(FILES.removals).where(_R.key.in_(keys)))
