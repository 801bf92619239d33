"""Erases submissions: the row is emptied, all beside it goes, notify is told, and a file keeps that it was."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row

from shared.contracts import SubmissionErased
from shared.contracts.submission_erased import is_covered
from shared.database import Outbox, classified
from shared.failpoints import Reach, ignore
from shared.messaging.message import message_of
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.erasing import rows
from storage_service.erasing.beside import Beside, Forgets, find_by_what_is_kept
from storage_service.erasing.journal import Journal, KeptNowhere
from storage_service.tables import OUTBOX
from storage_service.work.trail import Step, write_steps

AT_ONCE = 50
"""How many are erased in one transaction: it takes less than 100 ms, also on a busy machine with SQLite."""


class Erasing:
    """The one way in which submissions are erased. Safe to use from several threads, and beside other processes.

    `journal` keeps each erasure outside the database, before it is committed. `forgets` are what else is kept of
    submissions. All methods raise as `classified` does; then nothing of that transaction is erased.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        audit: Audit | None = None,
        journal: Journal | None = None,
        forgets: Sequence[Forgets] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        reach: Reach = ignore,
    ) -> None:
        self._engine = engine
        self._audit = audit
        self._journal = journal or KeptNowhere()
        self._forgets = (Beside(clock), *forgets)
        self._clock = clock
        self._reach = reach

    def erase(self, ids: Sequence[UUID], by: Asker, *, unknown: bool = False) -> int:
        """Erase those that the asker may see, in short transactions, and return how many were.

        Each transaction has a line in the audit. With `unknown`, also those that have no row yet are erased: they are
        parked, or on their way.
        """
        keys = list(dict.fromkeys(ids))
        return sum(
            self._some(keys[start : start + AT_ONCE], by, unknown=unknown) for start in range(0, len(keys), AT_ONCE)
        )

    def erase_within(
        self, connection: Connection, ids: Sequence[UUID], by: Asker, job: UUID | None = None, *, unknown: bool = False
    ) -> int:
        """Erase some hundreds in the caller's transaction, who tells the audit; see `erase`.

        Raises `ValueError` for what is `unknown` where the asker sees some forms alone: nobody knows of which it is.
        """
        now = self._clock()
        if unknown and by.forms is not None:
            raise ValueError("unknown submissions are erased by those alone who see all forms")
        if unknown:
            rows.make_missing(connection, dict.fromkeys(ids, now))
        found = rows.locked(connection, ids, by.forms)
        moments = _moments(found, now)
        if moments:
            self._take(connection, found, moments, by, job)
            self._journal.add(moments)  # before the commit: what it has too early does no harm
            _tell(connection, moments)
        return len(moments)

    def again(self, moments: Mapping[UUID, datetime], by: Asker, *, keep: Collection[UUID] | None = None) -> int:
        """Erase what was erased at these moments before, in one transaction, and return how many were not any more.

        What was accepted later than that stays. Notify is told of each. The journal notes those to `keep`, or all.
        """
        if not moments:
            return 0
        with classified(), self._engine.begin() as connection:
            made = rows.make_missing(connection, moments)
            found = rows.locked(connection, list(moments), None)
            gone = [row for row in found if is_covered(row.accepted_at, moments[row.id])]
            self._take(connection, gone, moments, by, None)
            rows.erased_later(connection, moments)
            self._journal.add({key: at for key, at in moments.items() if keep is None or key in keep})
            _tell(connection, moments)
            self._reach("erase-before-commit")
        self._reach("erase-after-commit")
        return len(gone) - made

    def noted(self) -> Set[int]:
        """Return what the journal has, as `journal.mark` says it: a set of some 60 bytes for each."""
        return self._journal.marks()

    def keeps_in(self, file: Path) -> bool:
        """Say whether this file is the one that erasures are noted in."""
        return self._journal.is_in(file)

    def anonymise_within(
        self, connection: Connection, ids: Sequence[UUID], keep: Mapping[str, rows.Keeps], by: Asker
    ) -> int:
        """Make some hundreds anonymous in the caller's transaction, who tells the audit; return how many were.

        Row, times and state stay, and fields of which `keep` says, by form, that they say nothing of a person. All else
        goes as if they were erased, and notify is told the same. What is anonymous already is left alone.
        """
        now = self._clock()
        found = [row for row in rows.locked(connection, ids, by.forms) if row.anonymised_at is None]
        if found:
            keys = [row.id for row in found]
            kept = rows.anonymise(connection, keys, keep, now)
            self._forget(connection, keys)
            find_by_what_is_kept(connection, kept)
            steps = {row.id: Step(now, by.name, {"anonymised": True}, row.version + 1) for row in found}
            write_steps(connection, steps)
            _tell(connection, _moments(found, now))
        return len(found)

    def _some(self, ids: Sequence[UUID], by: Asker, *, unknown: bool) -> int:
        with classified(), self._engine.begin() as connection:
            erased = self.erase_within(connection, ids, by, unknown=unknown)
            if erased and self._audit:
                on = str(ids[0]) if len(ids) == 1 else None
                self._audit.note(by, "submission.erase", on, count=erased, within=connection)
            self._reach("erase-before-commit")
        self._reach("erase-after-commit")
        return erased

    def _take(
        self,
        connection: Connection,
        found: Sequence[Row[Any]],
        moments: Mapping[UUID, datetime],
        by: Asker,
        job: UUID | None,
    ) -> None:
        """Empty rows that are locked, and forget all beside them."""
        if not found:
            return
        rows.empty(connection, {row.id: moments[row.id] for row in found})
        self._forget(connection, [row.id for row in found])
        steps = {row.id: Step(moments[row.id], by.name, {"erased": True}, row.version + 1, job) for row in found}
        write_steps(connection, steps)

    def _forget(self, connection: Connection, keys: Sequence[UUID]) -> None:
        for one in self._forgets:
            one.forget(connection, keys)


def _moments(found: Sequence[Row[Any]], now: datetime) -> dict[UUID, datetime]:
    """Return when each is erased: never before it was accepted. A gateway's clock may be ahead, or an import's file."""
    return {row.id: max(now, row.accepted_at) for row in found}


def _tell(connection: Connection, moments: Mapping[UUID, datetime]) -> None:
    """Tell notify by the outbox."""
    Outbox(OUTBOX).add(connection, [message_of(SubmissionErased(key, at)) for key, at in moments.items()])
