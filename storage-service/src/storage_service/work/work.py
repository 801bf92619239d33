"""Changes submissions for people: each change is one transaction, with its step in the trail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, select, update

from shared.database import classified, reading
from shared.failpoints import Reach, ignore
from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.deliveries.resending import Resending, Unconfirmed, Withheld
from storage_service.deliveries.selection import CONFIRMATION, Selection
from storage_service.records.record import Record, columns, record_of
from storage_service.spam.labels import Label, label
from storage_service.tables import IS_THERE, submissions
from storage_service.work.change import Change, Standing, difference, standing_of
from storage_service.work.notes import Note, read_notes, write_note
from storage_service.work.rows import KEPT, Turned, locked, write
from storage_service.work.saying import say, unsay
from storage_service.work.trail import Step, read_steps, write_steps
from storage_service.work.values import BadValue, note_of

_S = submissions.c


class NotFound(Exception):
    """There is no such submission, or the asker may not see it: nobody can tell which."""


class Outdated(Exception):
    """Somebody changed the submission meanwhile: `current` is how it is now. Nothing was changed."""

    def __init__(self, current: Record) -> None:
        super().__init__(f"the submission is at version {current.version}")
        self.current = current


@dataclass(frozen=True, slots=True)
class Changed:
    """A submission that was changed, the version that this made, and the change that takes it back."""

    id: UUID
    version: int
    back: Change


class Work:
    """Changes submissions of a database. Safe to use from several threads, and beside other processes.

    `version` is the one that the asker has seen: where the submission has another by now, and is not yet as it is to
    be, `Outdated` is raised. None changes whatever stands. What is already as asked is left alone: nothing is written,
    however often it is asked. `audit` is told of each change to one, in its transaction; whoever changes many tells it.
    All methods raise as `classified` does.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        audit: Audit | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        reach: Reach = ignore,
    ) -> None:
        self._engine = engine
        self._audit = audit
        self._clock = clock
        self._reach = reach

    def change(self, key: UUID, change: Change, by: Asker, version: int | None = None) -> Record:
        """Change one, and return it as it is then; raises `NotFound`, `Outdated`, and `BadValue` for too many labels.

        What becomes spam, or no spam, is told to notify by the outbox, in the same transaction. Who says so of what is
        so already changes nothing, but it is a label, see `spam.labels`.
        """
        with classified(), self._engine.begin() as connection:
            row = self._one(connection, key, by)
            turned = _turned(row, change)
            if turned is not None:
                _check(connection, row, version)
                self._write(connection, [turned], by, None)
            is_said = say(connection, [row], [turned] if turned else [], {row.id: change}, by, self._clock())
            if turned is not None or is_said:
                self._note_down(connection, by, _action(change), key)
            record = _record(connection, key)
            self._reach("work-before-commit")
        self._reach("work-after-commit")
        return record

    def spam(self, key: UUID, by: Asker, version: int | None = None) -> Record:
        """Mark as spam: nothing more of it is sent. As `change`."""
        return self.change(key, Change(spam=True), by, version)

    def not_spam(self, key: UUID, by: Asker, version: int | None = None) -> Record:
        """Mark as no spam: what was withheld of it is delivered. As `change`."""
        return self.change(key, Change(spam=False), by, version)

    def note(self, key: UUID, text: str, by: Asker, version: int | None = None) -> Note:
        """Add a note; raises `NotFound`, `Outdated`, and `BadValue` for a text that is not taken."""
        cleaned = note_of(text)
        with classified(), self._engine.begin() as connection:
            row = self._one(connection, key, by)
            _check(connection, row, version)
            note = Note(row.version + 1, self._clock(), by.name, cleaned)
            write_note(connection, key, note)
            self._count_on(connection, note.version, key, by, {"note": True})
            self._note_down(connection, by, "submission.note", key)
        return note

    def replied(self, key: UUID, by: Asker, version: int | None = None) -> Record:
        """Note that somebody replied; raises `NotFound` and `Outdated`."""
        with classified(), self._engine.begin() as connection:
            row = self._one(connection, key, by)
            _check(connection, row, version)
            connection.execute(update(submissions).where(_S.id == key).values(replied_at=self._clock()))
            self._count_on(connection, row.version + 1, key, by, {"reply": True})
            if row.anonymised_at is None:
                label(connection, [Label(key, row.form, is_spam=False, how="reply")], by, self._clock())
            self._note_down(connection, by, "submission.reply", key)
            return _record(connection, key)

    def resend(self, key: UUID, channel: str | None, by: Asker) -> int:
        """Ask notify to send again, and return how many deliveries were asked for; raises `NotFound`, `Withheld`, and
        `Unconfirmed` for all but the confirmation of what waits for it.

        These are those of a channel, or of all, that failed or are held; where none is, all that the channel has. None
        are where it was asked for before, and nothing has come of it yet.
        """
        with classified(), reading(self._engine).connect() as connection:
            form = connection.scalar(select(_S.form).where(_S.id == key, IS_THERE))
        if form is None or not by.may_see(form):
            raise NotFound
        resending = Resending(self._engine, by.name, clock=self._clock, reach=self._reach)
        if resending.withheld([key]):
            raise Withheld(str(key))
        if channel not in (None, CONFIRMATION) and resending.unconfirmed([key]):
            raise Unconfirmed(str(key))
        if self._audit:
            self._audit.note(by, "submission.resend", key)
        asked = sum(resending.request(Selection(submissions=[key], channel=channel)))
        if not asked and channel is None and resending.unconfirmed([key]):
            raise Unconfirmed(str(key))
        return asked or (0 if channel is None else int(resending.request_channel(key, channel)))

    def change_many(
        self, connection: Connection, keys: Sequence[UUID], change: Change, by: Asker, job: UUID | None = None
    ) -> Sequence[Changed]:
        """Change some hundreds in the caller's transaction, and return those that were.

        Left alone are those that are already so, that the asker may not see, and that would have too many labels.
        """
        return self._apply(connection, dict.fromkeys(keys, change), by, job)

    def take_back(
        self, connection: Connection, done: Sequence[Changed], by: Asker, job: UUID | None = None
    ) -> Sequence[Changed]:
        """Take changes back in the caller's transaction, as `change_many`. What was changed since then stays so."""
        versions = {one.id: one.version for one in done}
        return self._apply(connection, {one.id: one.back for one in done}, by, job, versions)

    def trail(self, key: UUID) -> Sequence[Step]:
        """Return what was done with a submission that the asker may see, oldest first."""
        with classified(), reading(self._engine).connect() as connection:
            return read_steps(connection, key)

    def notes(self, key: UUID) -> Sequence[Note]:
        """Return the notes on a submission that the asker may see, oldest first."""
        with classified(), reading(self._engine).connect() as connection:
            return read_notes(connection, key)

    def _apply(
        self,
        connection: Connection,
        wanted: Mapping[UUID, Change],
        by: Asker,
        job: UUID | None,
        versions: Mapping[UUID, int] | None = None,
    ) -> Sequence[Changed]:
        is_told = any(one.spam is not None for one in wanted.values())
        found = locked(tuple(_S) if is_told else KEPT, list(wanted), by.forms)
        turned = list[Turned]()
        rows = [row for row in connection.execute(found) if versions is None or versions[row.id] == row.version]
        for row in rows:
            turned += _turned_if_it_can(row, wanted[row.id])
        self._write(connection, turned, by, job)
        if versions is None:
            say(connection, rows, turned, wanted, by, self._clock())
        else:
            unsay(connection, turned)
        return [Changed(one.row.id, one.version, one.before.back_from(one.after)) for one in turned]

    def _write(self, connection: Connection, turned: Sequence[Turned], by: Asker, job: UUID | None) -> None:
        if not turned:
            return
        now = self._clock()
        write(connection, turned)
        steps = {one.row.id: Step(now, by.name, difference(one.before, one.after), one.version, job) for one in turned}
        write_steps(connection, steps)

    def _count_on(self, connection: Connection, version: int, key: UUID, by: Asker, changes: Mapping[str, Any]) -> None:
        connection.execute(update(submissions).where(_S.id == key).values(version=version))
        write_steps(connection, {key: Step(self._clock(), by.name, changes, version)})

    def _note_down(self, connection: Connection, by: Asker, action: str, key: UUID) -> None:
        if self._audit:
            self._audit.note(by, action, key, within=connection)

    def _one(self, connection: Connection, key: UUID, by: Asker) -> Row[Any]:
        row = connection.execute(locked(tuple(_S), [key], by.forms)).one_or_none()
        if row is None:
            raise NotFound
        return row


def _action(change: Change) -> str:
    if change.spam is None:
        return "submission.change"
    return "submission.spam" if change.spam else "submission.not-spam"


def _turned(row: Row[Any], change: Change) -> Turned | None:
    """Return how a row is to stand; None where it stands so already. Raises `BadValue` for too many labels."""
    before: Standing = standing_of(row._mapping)  # type: ignore[arg-type]  # noqa: SLF001 - public
    after = before.after(change)
    return Turned(row, before, after) if difference(before, after) else None


def _turned_if_it_can(row: Row[Any], change: Change) -> list[Turned]:
    try:
        turned = _turned(row, change)
    except BadValue:
        return []
    return [] if turned is None else [turned]


def _check(connection: Connection, row: Row[Any], version: int | None) -> None:
    if version is not None and version != row.version:
        raise Outdated(_record(connection, row.id))


def _record(connection: Connection, key: UUID) -> Record:
    return record_of(connection.execute(select(*columns()).where(_S.id == key)).one())
