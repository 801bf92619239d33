"""Writes what is taken into the database: a batch in one short transaction, and no message of it anywhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, Select, bindparam, insert, select, update

from shared.contracts.spam import BY_HAND
from shared.database import classified, reading
from shared.failpoints import Reach, ignore
from storage_service.accounts.asker import Asker
from storage_service.importing.taken import Taken, Worked
from storage_service.importing.taking import IMPORTED
from storage_service.records.folding import folded_label
from storage_service.spam.labels import Label, label
from storage_service.store.repository import SubmissionRows
from storage_service.tables import submission_labels, submissions

_S = submissions.c
_NEW = Worked()


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a batch is new, is here already, was here and is erased, and what is another one under the same id.

    `took_s` is how long others who write may have waited for it.
    """

    new: Sequence[Taken] = ()
    there: Sequence[Taken] = ()
    erased: Sequence[Taken] = ()
    others: Sequence[Taken] = ()
    took_s: float = 0.0


class ImportedRows:
    """The submissions of a database; `by` is who takes them over. All methods raise as `classified` does."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], by: Asker, *, reach: Reach = ignore) -> None:
        self._engine = engine
        self._by = by
        self._clock = clock
        self._reach = reach

    @property
    def is_sqlite(self) -> bool:
        """Whether others who write wait for each transaction."""
        return self._engine.dialect.name == "sqlite"

    def look(self, batch: Sequence[Taken]) -> Standing:
        """Return how a batch stands, and write nothing."""
        with classified(), reading(self._engine).connect() as connection:
            return _standing(connection, batch)

    def write(self, batch: Sequence[Taken]) -> Standing:
        """Insert what is new of a batch, and return how it stood. No id may be in it twice."""
        with classified(), self._engine.begin() as connection:
            begun_s = time.monotonic()
            standing = _standing(connection, batch)
            if standing.new:
                events, now = [one.event for one in standing.new], self._clock()
                if SubmissionRows(connection).insert_imported(events, at=now) < len(events):
                    standing = _met(connection, standing, now)
                _write_work(connection, standing.new)
                label(connection, [*_labels(standing.new)], self._by, now)
            self._reach("import-before-commit")
        self._reach("import-after-commit")
        return replace(standing, took_s=time.monotonic() - begun_s)


def _standing(connection: Connection, batch: Sequence[Taken]) -> Standing:
    ordered = sorted(batch, key=lambda one: one.id.int)  # as all who insert several: else two could wait for each other
    found: Select[Any] = select(_S.id, _S.form, _S.fingerprint, _S.erased_at, _S.anonymised_at)
    rows = connection.execute(found.where(_S.id.in_([one.id for one in ordered])))
    return divided(ordered, {row.id: row for row in rows})


def divided(batch: Sequence[Taken], known: Mapping[UUID, Row[Any]]) -> Standing:
    """Return how a batch stands, by the rows that there are of it."""
    new, there, erased, others = list[Taken](), list[Taken](), list[Taken](), list[Taken]()
    for one in batch:
        row = known.get(one.id)
        if row is None:
            new.append(one)
        elif row.erased_at is not None:
            erased.append(one)
        else:
            (others if _is_other(one, row) else there).append(one)
    return Standing(new, there, erased, others)


def _met(connection: Connection, looked: Standing, at: datetime) -> Standing:
    """Return how a batch stands of which others have put some there since it was looked at; ours were, at a moment."""
    ours = select(_S.id).where(_S.id.in_([one.id for one in looked.new]), _S.imported_at == at)
    new = set(connection.scalars(ours))
    met = _standing(connection, [one for one in looked.new if one.id not in new])
    return Standing(
        new=[one for one in looked.new if one.id in new],
        there=[*looked.there, *met.there],
        erased=[*looked.erased, *met.erased],
        others=[*looked.others, *met.others],
    )


def _is_other(one: Taken, row: Row[Any]) -> bool:
    is_same = row.form == one.event.form and row.fingerprint == one.event.fingerprint
    return not is_same and row.anonymised_at is None


def _labels(taken: Sequence[Taken]) -> Iterator[Label]:
    """Yield what is known of those that a person judged where they come from; what a filter of ours did is no label."""
    for one in taken:
        spam, worked = one.event.spam, one.worked
        if spam in (BY_HAND, IMPORTED):
            yield Label(one.id, one.event.form, is_spam=True, how="import")
        elif spam is None and worked is not None and (worked.state == "done" or worked.replied_at is not None):
            yield Label(one.id, one.event.form, is_spam=False, how="import")


def _write_work(connection: Connection, taken: Sequence[Taken]) -> None:
    worked = [(one.id, one.worked) for one in taken if one.worked not in (None, _NEW)]
    rows = [
        {
            "key": key,
            "new_state": work.state,
            "new_starred": work.starred,
            "new_labels": list(work.labels),
            "new_assignee": work.assignee,
            "new_replied_at": work.replied_at,
        }
        for key, work in worked
        if work is not None
    ]
    if not rows:
        return
    names = ("state", "starred", "labels", "assignee", "replied_at")
    values = {name: bindparam(f"new_{name}", type_=_S[name].type) for name in names}
    connection.execute(update(submissions).where(_S.id == bindparam("key")).values(values), rows)
    labels = [
        {"folded": folded_label(label), "submission_id": key}
        for key, work in worked
        if work is not None
        for label in work.labels
    ]
    if labels:
        connection.execute(insert(submission_labels), labels)
