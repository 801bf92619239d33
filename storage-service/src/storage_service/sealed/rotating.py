"""Seals everything to the newest key that was sealed to older ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine, Table

from shared.database import classified
from shared.failpoints import Reach, ignore
from shared.sealing import OpeningKey, Sealer, key_id_of
from storage_service.sealed.opening import Opening
from storage_service.sealed.rows import ROWS_AT_ONCE, TABLES, SealedRow, some_rows, write


@dataclass(slots=True)
class Rotated:
    """How far it is: `rows` were looked at, `values` sealed anew. `lost` counts, by the id of a key that is not here,
    the rows that it keeps closed; `spoiled` are values that no key opens."""

    rows: int = 0
    values: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    spoiled: int = 0


class Rotating:
    """Rotates a database. Each value says its key: what is interrupted goes on where it was, whoever begins it again.

    A row is locked, opened, sealed and written in one transaction with its neighbours. Its version stays.
    """

    def __init__(self, engine: Engine, keys: Sequence[OpeningKey], *, reach: Reach = ignore) -> None:
        self._engine = engine
        self._opening = Opening(keys)
        self._sealer = Sealer(keys[0].sealing)
        self._reach = reach

    def run(self, tell: Callable[[Rotated], None]) -> Rotated:
        """Seal all to the first key, and tell how far it is after each transaction; raises as `classified` does."""
        done = Rotated()
        for table in TABLES:
            after = None
            while rows := self._some(table, after, done):
                tell(done)
                if len(rows) < ROWS_AT_ONCE:
                    break
                after = rows[-1].key
        return done

    def _some(self, table: Table, after: tuple[object, ...] | None, done: Rotated) -> list[SealedRow]:
        with classified(), self._engine.begin() as connection:
            rows = some_rows(connection, table, after, for_update=True)
            for row in rows:
                if anew := self._sealed_anew(row, done):
                    write(connection, row, {**row.sealed, **anew})
                    done.values += len(anew)
            self._reach("rotate-before-commit")
        self._reach("rotate-after-commit")
        done.rows += len(rows)
        return rows

    def _sealed_anew(self, row: SealedRow, done: Rotated) -> Mapping[str, str]:
        old = {name: one for name, one in row.sealed.items() if key_id_of(one) != self._sealer.key.id}
        opened = self._opening.opened(row.form, row.id, old)
        done.spoiled += sum(1 for one in opened.locked.values() if one.key is None)
        done.lost.update({one.key for one in opened.locked.values() if one.key is not None})
        return self._sealer.seal(row.form, row.id, opened.fields)
