"""Finds what storage's own tables have of a person."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, Row, Select, func, or_, select, tuple_

from shared.mailboxes import addresses_in, mailbox_of, mailboxes_in
from shared.query import Needle
from storage_service.jobs.refusals import TooLarge
from storage_service.jobs.sets import SET_MOST
from storage_service.records.bounded import Reader
from storage_service.records.conditions import within
from storage_service.records.index.facts import names
from storage_service.records.index.mailboxes import mailboxes_of
from storage_service.records.index.progress import missing_since, progress
from storage_service.records.index.words import words_of
from storage_service.subjects.person import Person
from storage_service.tables import FILES, conflicts, submission_labels, submission_notes, submissions

LOOKED_AT_MOST = 20_000
"""How many submissions that are not in the index yet are looked into, and of a table without an index how many rows at
least."""

LOOKED_FOR_S = 5.0
"""How long a table without an index is looked into, where it has more: somebody waits."""

WRITTEN_MOST = 20
_AT_ONCE = 100
"""Rows that are in memory at once: a stranger chooses how large they are."""

_KEYS_AT_ONCE = 500
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

_S, _C, _N, _L = submissions.c, conflicts.c, submission_notes.c, submission_labels.c


@dataclass(slots=True)
class Found:
    """What was found: of each submission its form, and whether it is spam. The counts are of rows that name the person.

    `is_indexed` says that the search index has all that is stored, or that what it has not was looked into.
    """

    submissions: dict[UUID, tuple[str, bool]] = field(default_factory=dict)
    conflicts: int = 0
    files: int = 0
    notes: int = 0
    labels: int = 0
    unfinished: list[str] = field(default_factory=list)
    is_indexed: bool = True

    @property
    def forms(self) -> dict[str, int]:
        """How many each form has."""
        return dict(sorted(Counter(form for form, _ in self.submissions.values()).items()))

    @property
    def spam(self) -> int:
        """How many are spam."""
        return sum(is_spam for _, is_spam in self.submissions.values())


class Finder:
    """Looks into the submissions of a database. Raises as `records.bounded.Reader` does."""

    def __init__(self, engine: Engine, *, most: int = LOOKED_AT_MOST, seconds: float = LOOKED_FOR_S) -> None:
        self._reader = Reader(engine)
        self._words = words_of(engine.dialect.name)
        self._most = most
        self._seconds = seconds

    def find(self, person: Person, forms: frozenset[str] | None, more: Iterable[UUID] = ()) -> Found:
        """Return what is there of a person, in these forms; with `more` submissions that somebody else knows of.

        Raises `TooLarge` for a person whom more submissions name than one job takes.
        """
        found, wanted = Found(), frozenset(person.mailboxes)
        keys = set(more)
        keys |= self._not_in_the_index(wanted, found)  # first: what comes into the index meanwhile is in the second
        keys |= self._in_the_index(person, forms)
        found.conflicts = self._beside(_CONFLICTS, wanted, forms, keys, found)
        found.notes = self._beside(_NOTES, wanted, forms, keys, found)
        found.labels = self._beside(_LABELS, wanted, forms, keys, found)
        found.submissions = dict(self._there(keys, forms))
        found.files = self._files(sorted(found.submissions))
        return found

    def _files(self, keys: Sequence[UUID]) -> int:
        """Return how many files came with submissions, and with what came later under their ids."""
        owner = FILES.files.c.submission_id
        counts = (self._rows(select(func.count().label("n")).where(owner.in_(some))) for some in _pieces(keys))
        return sum(row.n for rows in counts for row in rows)

    def without_row(self, keys: Iterable[UUID]) -> list[UUID]:
        """Return those that there is no row of, not even an erased one."""
        wanted, there = sorted(set(keys)), set[UUID]()
        for some in _pieces(wanted):
            there |= {row.id for row in self._rows(select(_S.id).where(_S.id.in_(some)))}
        return [key for key in wanted if key not in there]

    def written(self, keys: Sequence[UUID], person: Person) -> list[str]:
        """Return the addresses of a person as some submissions have them, the first ones."""
        wanted, found = frozenset(person.mailboxes), dict[str, None]()
        for row in self._rows(select(_S.fields, _S.control).where(_S.id.in_(keys[:_AT_ONCE]))):
            written = addresses_in(row.fields, row.control)
            found |= dict.fromkeys(one for one in written if mailbox_of(one) in wanted)
        return [*found][:WRITTEN_MOST]

    def _in_the_index(self, person: Person, forms: frozenset[str] | None) -> set[UUID]:
        named = [self._words.have(Needle((names(one),), is_prefix=False)) for one in person.mailboxes]
        asked = select(_S.id).select_from(self._words.joined()).where(or_(*named), *within(forms)).limit(SET_MOST + 1)
        with self._reader.connection() as connection:
            keys = set(connection.scalars(asked))
        if len(keys) > SET_MOST:
            raise TooLarge(SET_MOST)
        return keys

    def _not_in_the_index(self, wanted: frozenset[str], found: Found) -> set[UUID]:
        keys, looked_at = set[UUID](), 0
        with self._reader.connection() as connection:
            come = progress(connection)
            asked = missing_since(come.generation, come.stored_at) if come else missing_since(0, _BEGINNING)
            rows = connection.execution_options(yield_per=_AT_ONCE).execute(asked.limit(self._most + 1))
            for row in rows:
                looked_at += 1
                if not wanted.isdisjoint(mailboxes_of(row)):
                    keys.add(row.id)
        found.is_indexed = looked_at <= self._most
        return keys

    def _beside(
        self, table: _Beside, wanted: frozenset[str], forms: frozenset[str] | None, keys: set[UUID], found: Found
    ) -> int:
        """Add the submissions beside which something names the person, and return how much does."""
        count, looked_at, last, until_s = 0, 0, None, time.monotonic() + self._seconds
        while rows := self._rows(table.page(forms, last)):
            for row in rows:
                if not wanted.isdisjoint(mailboxes_in(*table.said(row))):
                    keys.add(row[0])
                    count += 1
            looked_at, last = looked_at + len(rows), tuple(rows[-1][: len(table.place)])
            if looked_at >= self._most and time.monotonic() >= until_s:
                found.unfinished.append(f"There are more than {looked_at:,} {table.words}: not all were looked into.")
                break
        return count

    def _there(self, keys: set[UUID], forms: frozenset[str] | None) -> Iterator[tuple[UUID, tuple[str, bool]]]:
        for some in _pieces(sorted(keys)):
            for row in self._rows(select(_S.id, _S.form, _S.spam).where(_S.id.in_(some), *within(forms))):
                yield row.id, (row.form, row.spam is not None)

    def _rows(self, asked: Select[Any]) -> Sequence[Row[Any]]:
        with self._reader.connection() as connection:
            return connection.execute(asked).all()


@dataclass(frozen=True, slots=True)
class _Beside:
    """A table beside the submissions: the columns by which its rows are in order, that of the submission first, and
    what of a row may name somebody. `condition` leaves out what cannot."""

    words: str
    place: Sequence[ColumnElement[Any]]
    texts: Sequence[ColumnElement[Any]]
    said: Callable[[Row[Any]], Sequence[Any]]
    condition: ColumnElement[bool] | None = None

    def page(self, forms: frozenset[str] | None, last: tuple[Any, ...] | None) -> Select[Any]:
        asked = select(*self.place, *self.texts).join(submissions, _S.id == self.place[0]).where(*within(forms))
        asked = asked.order_by(*self.place).limit(_AT_ONCE)
        asked = asked if self.condition is None else asked.where(self.condition)
        return asked if last is None else asked.where(tuple_(*self.place) > last)


_CONFLICTS = _Beside(
    "copies of other content under an id",
    (_C.id, _C.fingerprint),
    (_C.fields, _C.control),
    lambda row: (row.fields, row.control),
)
_NOTES = _Beside(
    "notes with an address",
    (_N.submission_id, _N.version),
    (_N.text,),
    lambda row: (row.text,),
    _N.text.contains("@"),
)
_LABELS = _Beside(
    "labels with an address",
    (_L.submission_id, _L.folded),
    (),
    lambda row: (row.folded,),
    _L.folded.contains("@"),
)


def _pieces(keys: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    yield from (keys[start : start + _KEYS_AT_ONCE] for start in range(0, len(keys), _KEYS_AT_ONCE))
