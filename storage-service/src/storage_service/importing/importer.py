"""Takes a file over: record by record, batch by batch, so that a million take no more memory than a thousand."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from storage_service.importing.found import CHARACTERS_AT_ONCE, Found, NotTaken, size_of
from storage_service.importing.remarks import Remarks
from storage_service.importing.rows import Standing
from storage_service.importing.taken import Taken
from storage_service.jobs.pace import AIMED_ON_SQLITE_S, AIMED_S, FIRST, Pace

LOOKED_AT_ONCE = 500
ROWS_MOST = 2000


class Rows(Protocol):
    """Where submissions are kept."""

    @property
    def is_sqlite(self) -> bool:
        """Whether others who write wait for each transaction."""

    def look(self, batch: Sequence[Taken]) -> Standing:
        """Return how a batch stands, and write nothing."""

    def write(self, batch: Sequence[Taken]) -> Standing:
        """Insert what is new of a batch, and return how it stood."""


@dataclass(slots=True)
class Counts:
    """What became of the records of a file. `taken` are new ones, `spam` those of them that are spam; `there` were here
    before, `erased` too, and are not brought back; `others` have an id under which there is something else."""

    records: int = 0
    taken: int = 0
    spam: int = 0
    there: int = 0
    erased: int = 0
    others: int = 0
    not_taken: int = 0
    why: Counter[str] = field(default_factory=Counter)
    is_complete: bool | None = None


class Importer:
    """Imports one file. `note` is told of each record that is not taken, `tick` after each batch of how far it is."""

    def __init__(
        self,
        rows: Rows,
        take: Callable[[Found], Taken | NotTaken | None],
        remarks: Remarks,
        *,
        is_dry: bool,
        note: Callable[[NotTaken], None],
        tick: Callable[[Counts], None],
        rest: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rows = rows
        self._take = take
        self.remarks = remarks
        self._is_dry = is_dry
        self._note = note
        self._tick = tick
        self._rest = rest
        self._pace = Pace(FIRST, AIMED_ON_SQLITE_S if rows.is_sqlite else AIMED_S)
        self.counts = Counts()

    def run(self, records: Iterable[Found | NotTaken]) -> Counts:
        """Import all of them; raises as `Rows` does. What was written until then stays."""
        batch, characters = dict[object, Taken](), 0
        for one in records:
            taken = one if isinstance(one, NotTaken) else self._take(one)
            if taken is None:
                self.counts.is_complete = True
                continue
            self.counts.records += 1
            if isinstance(taken, NotTaken):
                self._refuse(taken)
                continue
            if taken.id in batch:  # an export of ours that has one twice
                self._end(batch)
                batch, characters = {}, 0
            batch[taken.id] = taken
            characters += size_of(taken.event.fields)
            if len(batch) >= self._most or characters >= CHARACTERS_AT_ONCE:
                self._end(batch)
                batch, characters = {}, 0
        self._end(batch)
        return self.counts

    @property
    def _most(self) -> int:
        return LOOKED_AT_ONCE if self._is_dry else min(self._pace.rows, ROWS_MOST)

    def _end(self, batch: dict[object, Taken]) -> None:
        if not batch:
            return
        some = list(batch.values())
        standing = self._rows.look(some) if self._is_dry else self._rows.write(some)
        self._count(standing)
        self._tick(self.counts)
        if not self._is_dry:
            self._pace.took(len(some), standing.took_s)
            if self._rows.is_sqlite:
                self._rest(standing.took_s)  # as long as others may have waited for it

    def _count(self, standing: Standing) -> None:
        self.counts.taken += len(standing.new)
        self.counts.spam += sum(one.event.spam is not None for one in standing.new)
        self.counts.there += len(standing.there)
        self.counts.erased += len(standing.erased)
        self.counts.others += len(standing.others)
        for one in standing.new:
            self.remarks.look(one)
        for one in sorted(standing.others, key=lambda other: other.first):
            self._note(NotTaken(one.first, one.last, f"another submission is here under its id, {one.id}"))

    def _refuse(self, one: NotTaken) -> None:
        self.counts.not_taken += 1
        if len(self.counts.why) < 1000 or one.why in self.counts.why:
            self.counts.why[one.why] += 1
        self._note(one)
