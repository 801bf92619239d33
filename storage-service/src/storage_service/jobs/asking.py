"""What owners ask of many submissions: how many there are, that it be done, how far it is, to stop, to undo it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, select

from shared.database import classified, reading
from shared.messaging.failures import DependencyUnavailable, PermanentFailure
from shared.query import Query
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.jobs import table
from storage_service.jobs.job import Asked, Job, Kind, digest, id_of, undo_id_of
from storage_service.jobs.refusals import Differs, NoJob, OtherRequest, TooLarge, TooMany, Unfit
from storage_service.jobs.runner import JobRunner
from storage_service.jobs.sets import SET_MOST
from storage_service.records import Records
from storage_service.records.conditions import within
from storage_service.tables import submission_trail, submissions

OPEN_MOST = 10
"""Jobs of one asker that are not finished."""

ALL_OPEN_MOST = 100
"""The same of everybody."""

UNDOS_MOST = 100
"""How often the undo of a job can be ended early and asked for again."""

AT_ONCE_MOST = 300
AT_ONCE_S = 0.8
"""So many submissions are worked on in the request itself, for so long. What is left then waits as other jobs do."""

CANNOT_BE_UNDONE: Mapping[Kind, str] = {
    "resend": "what was sent cannot be taken back",
    "erase": "what was erased cannot be brought back",
}

_T, _S = submission_trail.c, submissions.c


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done, and to which submissions: those of a query, stored by `moment`, or those of `ids`.

    `text` is the query as it was written; days are those of `zone`, `me` is whom `assigned:me` means. `request` is what
    was asked for, where whoever asks has found the ids themselves: asked again, these are others.
    """

    kind: Kind
    action: Mapping[str, Any]
    moment: datetime
    zone: tzinfo = UTC
    query: Query | None = None
    text: str | None = None
    ids: Sequence[UUID] | None = None
    me: str | None = None
    request: Mapping[str, Any] | None = None

    def digest(self) -> str:
        """Return what tells it from another request under the same key; the moment does not count."""
        ids = None if self.ids is None or self.request is not None else sorted(map(str, self.ids))
        told = {"kind": self.kind, "action": dict(self.action), "q": self.text, "ids": ids, "zone": str(self.zone)}
        return digest(told if self.request is None else {**told, "request": dict(self.request)})


class Jobs:
    """Jobs for those who ask. All methods raise as `classified` does; those that take a query, as `Records` does."""

    def __init__(
        self,
        engine: Engine,
        records: Records,
        runner: JobRunner,
        audit: Audit,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        most: int = SET_MOST,
        at_once_most: int = AT_ONCE_MOST,
    ) -> None:
        self._most = most
        self._at_once_most = at_once_most
        self._engine = engine
        self._reading = reading(engine)
        self._records = records
        self._runner = runner
        self._audit = audit
        self._clock = clock

    def count(self, wanted: Wanted, by: Asker) -> int:
        """Return exactly how many submissions it would be done to; raises `TooLarge`."""
        if wanted.ids is not None:
            return len(self._records.known(wanted.ids, by.forms))
        counted = self._records.count(
            wanted.query,
            by.forms,
            self._most,
            now=wanted.moment,
            zone=wanted.zone,
            me=wanted.me,
            stored_by=wanted.moment,
        )
        if not counted.is_exact:
            raise TooLarge(self._most)
        return counted.n

    def ask(self, wanted: Wanted, by: Asker, confirmed: int, key: str | None) -> tuple[Job, bool]:
        """Have it done to at most `confirmed` submissions, and return the job, and whether it is a new one.

        The same `key` of the same asker is the same job, whatever has come of it. Raises `OtherRequest`, `Differs`,
        `TooLarge` and `TooMany`.
        """
        job = uuid4() if key is None else id_of(by, key)
        request = wanted.digest()
        if there := self._asked_before(job, request):
            return there, False
        ids = self._ids(wanted, by)
        if len(ids) > confirmed:
            raise Differs(len(ids))
        asked = Asked(job, wanted.kind, by, wanted.action, wanted.moment, wanted.text, str(wanted.zone), request)
        return self._begin(asked, ids)

    def one(self, key: UUID, by: Asker) -> Job:
        """Return a job that the asker may see: their own, with `admin` every one. Raises `NoJob`."""
        with classified(), self._reading.connect() as connection:
            job = table.one(connection, key)
        if job is None or not _may_see(by, job):
            raise NoJob
        return job

    def listed(self, by: Asker, limit: int, before: UUID | None = None) -> list[Job]:
        """Return those that the asker may see, newest first, from beyond one on; raises `NoJob`."""
        asker = None if by.is_admin else by.name
        place = None if before is None else self.one(before, by)
        with classified(), self._reading.connect() as connection:
            return table.listed(connection, asker, limit, place)

    def stop(self, key: UUID, by: Asker) -> Job:
        """Have a job stop where it is, if it goes on, and return it; raises `NoJob`."""
        self.one(key, by)
        with classified(), self._engine.begin() as connection:
            job = table.one(connection, key, lock=True)
            if job is None:
                raise NoJob
            if not job.is_open:
                return job
            table.ask_to_stop(connection, key)
            self._audit.note(by, "job.stop", f"job {key}", within=connection)
            if job.holder is None:
                return table.end(connection, key, "stopped", self._clock())
        return self.one(key, by)

    def undo(self, key: UUID, by: Asker) -> tuple[Job, bool]:
        """Set back what a job changed, by another job, and return that, and whether it is a new one.

        Once: undone again, it is the same job; where that was stopped or failed, another one does the rest: whoever
        stops an undo must not keep the work of a stolen key from being set back. Raises `NoJob`, `TooMany`, and `Unfit`
        for one that goes on, or whose kind cannot be undone.
        """
        job = self.one(key, by)
        if job.is_open:
            raise Unfit("it goes on: stop it first, or wait")
        if job.asked.kind in CANNOT_BE_UNDONE:
            raise Unfit(CANNOT_BE_UNDONE[job.asked.kind])
        with classified(), self._reading.connect() as connection:
            undos = _undos(connection, key)
            if undos and (undos[-1].is_open or undos[-1].state == "done" or len(undos) == UNDOS_MOST):
                return undos[-1], False
            ids = _changed_by(connection, key, by.forms)
        asked = Asked(undo_id_of(key, len(undos) + 1), "undo", by, {}, self._clock(), undo_of=key)
        return self._begin(asked, ids)

    def undone_by(self, job: Job) -> Job | None:
        """Return the job that undoes one, the last of them."""
        with classified(), self._reading.connect() as connection:
            return next(reversed(_undos(connection, job.id)), None)

    def _ids(self, wanted: Wanted, by: Asker) -> list[UUID]:
        if wanted.ids is not None:
            return self._records.known(wanted.ids, by.forms)
        ids = self._records.ids(
            wanted.query,
            by.forms,
            self._most + 1,
            now=wanted.moment,
            zone=wanted.zone,
            me=wanted.me,
            stored_by=wanted.moment,
        )
        if len(ids) > self._most:
            raise TooLarge(self._most)
        return ids

    def _asked_before(self, key: UUID, request: str) -> Job | None:
        with classified(), self._reading.connect() as connection:
            there = table.one(connection, key)
        if there is not None and there.asked.request != request:
            raise OtherRequest
        return there

    def _begin(self, asked: Asked, ids: Sequence[UUID]) -> tuple[Job, bool]:
        try:
            with classified(), self._engine.begin() as connection:
                _refuse_too_many(connection, asked.by)
                table.make(connection, asked, ids, self._clock())
                self._audit.note(asked.by, f"job.{asked.kind}", _target(asked), count=len(ids), within=connection)
        except PermanentFailure:  # the same request, a moment ago
            if there := self._asked_before(asked.id, asked.request):
                return there, False
            raise
        if len(ids) <= self._at_once_most:
            self._try(asked.id)
        return self.one(asked.id, asked.by), True

    def _try(self, key: UUID) -> None:
        with suppress(DependencyUnavailable):  # then it waits for whoever comes next
            self._runner.at_once(key, AT_ONCE_S)


def opened(engine: Engine) -> table.Open:
    """Return how many jobs are not finished; raises as `classified` does."""
    with classified(), reading(engine).connect() as connection:
        return table.opened(connection, datetime.now(UTC))


def _may_see(by: Asker, job: Job) -> bool:
    return by.name == job.asked.by.name or by.is_admin


def _target(asked: Asked) -> str:
    return f"job {asked.undo_of or asked.id}"


def _refuse_too_many(connection: Connection, by: Asker) -> None:
    theirs, everybodys = table.open_of(connection, by.name)
    if theirs >= OPEN_MOST or everybodys >= ALL_OPEN_MOST:
        raise TooMany


def _undos(connection: Connection, key: UUID) -> list[Job]:
    """Return the jobs that undo one, each after those that were ended early."""
    found = list[Job]()
    while len(found) < UNDOS_MOST and (there := table.one(connection, undo_id_of(key, len(found) + 1))):
        found.append(there)
    return found


def _changed_by(connection: Connection, job: UUID, forms: frozenset[str] | None) -> list[UUID]:
    found = select(_T.submission_id).where(_T.job == job).order_by(_T.submission_id)
    if forms is not None:
        found = found.join(submissions, _S.id == _T.submission_id).where(*within(forms))
    return list(connection.scalars(found))
