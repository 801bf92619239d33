"""What kinds of jobs do to the submissions of a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection, Engine, and_, select

from storage_service.accounts.asker import Asker
from storage_service.deliveries.resending import AT_ONCE, Resending
from storage_service.deliveries.selection import Selection
from storage_service.erasing import AT_ONCE as AT_ONCE_ERASED
from storage_service.erasing import Erasing
from storage_service.jobs.job import Job
from storage_service.jobs.steps import Doing
from storage_service.tables import submission_trail, submissions
from storage_service.work import Change, Changed

_T, _S = submission_trail.c, submissions.c


class Changing(Protocol):
    """What changes submissions: `work.Work`."""

    def change_many(
        self, connection: Connection, ids: Sequence[UUID], change: Change, by: Asker, job: UUID | None
    ) -> Sequence[object]:
        """Change them in this transaction, and return those that were."""

    def take_back(
        self, connection: Connection, done: Sequence[Changed], by: Asker, job: UUID | None
    ) -> Sequence[object]:
        """Take changes back in this transaction, where nothing was changed since, and return those that were."""


class DoChange:
    """Changes each as the action says: `{"change": …}`, what `Change.to_json` returned."""

    most = 500

    def __init__(self, work: Changing) -> None:
        self._work = work

    def __call__(self, connection: Connection, job: Job, ids: Sequence[UUID]) -> int:
        """See `steps.Doing`."""
        change = Change.of_json(job.asked.action["change"])
        return len(self._work.change_many(connection, ids, change, job.asked.by, job.id))


class DoUndo:
    """Sets back what another job changed, where nobody has changed the submission since."""

    most = 500

    def __init__(self, work: Changing) -> None:
        self._work = work

    def __call__(self, connection: Connection, job: Job, ids: Sequence[UUID]) -> int:
        """See `steps.Doing`."""
        # By what the trail's key is made of: by the job, SQLite would read all of the job's steps in each of ours.
        is_last = and_(_T.submission_id == _S.id, _T.version == _S.version)
        found = select(_T.submission_id, _T.version, _T.changes, _T.job).join_from(
            submissions, submission_trail, is_last
        )
        rows = connection.execute(found.where(_S.id.in_(ids)))
        done = [row for row in rows if row.job == job.asked.undo_of]
        made = [Changed(row.submission_id, row.version, way_back(row.changes)) for row in done]
        return len(self._work.take_back(connection, made, job.asked.by, job.id))


class DoResend:
    """Asks for what failed, or is held, to be sent again: `{"channel": "owner", "states": ["failed"]}`.

    `since`, which may be left out, is when that happened at the earliest: a moment as `iso` writes it.
    """

    most = AT_ONCE

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def __call__(self, connection: Connection, job: Job, ids: Sequence[UUID]) -> int:
        """See `steps.Doing`; a submission counts as changed if something of it was asked for."""
        action = job.asked.action
        since = datetime.fromisoformat(action["since"]) if action.get("since") else None
        selection = Selection(action["states"], ids, since=since, channel=action["channel"])
        resending = Resending(self._engine, job.asked.by.name, clock=self._clock)
        last, asked = UUID(int=0), set[UUID]()
        while requested := resending.request_within(connection, selection, last):
            last = list(requested)[-1]
            asked |= set(requested.values())
        return len(asked)


class DoErase:
    """Erases each, whatever it is by then."""

    most = AT_ONCE_ERASED

    def __init__(self, erasing: Erasing) -> None:
        self._erasing = erasing

    def __call__(self, connection: Connection, job: Job, ids: Sequence[UUID]) -> int:
        """See `steps.Doing`."""
        return self._erasing.erase_within(connection, ids, job.asked.by, job.id)


def kinds_of(
    engine: Engine, work: Changing, erasing: Erasing, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Mapping[str, Doing]:
    """Return what each kind of job does."""
    return {
        "change": DoChange(work),
        "undo": DoUndo(work),
        "resend": DoResend(engine, clock),
        "erase": DoErase(erasing),
    }


def way_back(changes: Mapping[str, Any]) -> Change:
    """Return the change that sets back what the trail says was changed; see `work.change.difference`."""
    labels = changes.get("labels", {})
    spam = changes.get("spam")
    assignee = changes.get("assignee")
    return Change(
        state=changes["state"][0] if "state" in changes else None,
        starred=changes["starred"][0] if "starred" in changes else None,
        add_labels=tuple(labels.get("removed", ())),
        remove_labels=tuple(labels.get("added", ())),
        assignee=None if assignee is None else assignee[0] or "",
        spam=None if spam is None else spam[0] is not None,
        spam_because=None if spam is None else spam[0],
    )
