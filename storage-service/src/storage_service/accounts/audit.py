"""Keeps who did what: rows are added, and the database lets nobody change them, or remove them within a month."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, func, insert, select

from shared.database import classified, reading
from storage_service.accounts.asker import Asker
from storage_service.tables import audit

TARGET_MOST = 200
"""Characters of what something was done to. PostgreSQL's index takes no more than some hundreds."""

ACTIONS = (
    "submission.read",
    "submission.unseal",
    "submission.resend",
    "submission.erase",
    "delivery.resend",
    "form.test",
    "file.download",
    "file.preview",
    "export.files",
    "export.csv",
    "export.json",
    "export.ndjson",
    "export.xlsx",
    "export.unseal",
    "seal.rotate",
    "import.began",
    "import.ended",
    "job.change",
    "job.resend",
    "job.undo",
    "job.erase",
    "subject.find",
    "subject.export",
    "subject.erase",
    "job.stop",
    "parked.list",
    "parked.read",
    "parked.replay",
    "parked.discard",
    "suppression.find",
    "suppression.added",
    "suppression.removed",
    "retention.erased",
    "retention.anonymised",
    "retention.paused",
    "retention.resumed",
    "audit.erased",
    "spam.trained",
    "spam.refused",
    "spam.model",
    "spam.without",
    "spam.with",
    "file.infected",
    "hook.added",
    "hook.ended",
    "hook.sample",
    "key.added",
    "key.ended",
    "user.added",
    "user.changed",
    "user.ended",
    "invitation.made",
    "invitation.ended",
    "reset.made",
    "reset.ended",
    "password.set",
    "password.removed",
    "passkey.added",
    "passkey.removed",
    "identity.added",
    "session.began",
    "session.refused",
    "session.ended",
    "sessions.ended",
)
"""All that is noted, to choose from."""

READINGS_MOST = 1000
"""How many of the last times that one thing was read are looked at: a program may read it every second."""

_A = audit.c


@dataclass(frozen=True, slots=True)
class Noted:
    """One thing that somebody did. `on` names a submission, a key or a form; `count` says on how many."""

    number: int
    at: datetime
    by: str
    action: str
    on: str | None
    count: int | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Reading:
    """That somebody read one thing: when first and last, and how often, as far as was looked."""

    by: str
    first: datetime
    last: datetime
    times: int


class Audit:
    """The audit of a database. All methods raise as `classified` does."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._clock = clock

    def note(
        self,
        asker: Asker,
        action: str,
        on: object = None,
        *,
        count: int | None = None,
        within: Connection | None = None,
    ) -> None:
        """Note what somebody does, before they get it: `submission.read`. Never a field's value.

        Of what it is done to, the first `TARGET_MOST` characters are kept.
        `within` is a transaction that it belongs to; without one it is kept at once.
        """
        values = {
            "at": self._clock(),
            "who": asker.name,
            "action": action,
            "target": None if on is None else str(on)[:TARGET_MOST],
            "how_many": count,
            "source": asker.source,
        }
        if within is not None:
            within.execute(insert(audit).values(values))
            return
        with classified(), self._engine.begin() as connection:
            connection.execute(insert(audit).values(values))

    def forget(self, before: datetime, most: int) -> int:
        """Remove lines older than that, of the first so many that there are, and return how many were."""
        first = select(_A.number).order_by(_A.number).limit(most)
        with classified(), self._engine.begin() as connection:
            return connection.execute(delete(audit).where(_A.number.in_(first), _A.at < before)).rowcount

    def page(
        self,
        limit: int,
        *,
        before: int | None = None,
        by: str | None = None,
        on: str | None = None,
        action: str | None = None,
    ) -> Sequence[Noted]:
        """Return what was noted, newest first, before the number of the last one that was seen."""
        found = select(audit).order_by(_A.number.desc()).limit(limit)
        if before is not None:
            found = found.where(_A.number < before)
        if by is not None:
            found = found.where(_A.who == by)
        if on is not None:
            found = found.where(_A.target == on)
        if action is not None:
            found = found.where(_A.action == action)
        with classified(), reading(self._engine).connect() as connection:
            return [Noted(*row) for row in connection.execute(found)]

    def readings(self, action: str, on: object, most: int = READINGS_MOST) -> Sequence[Reading]:
        """Return who read one thing, in the order in which they first did, by the last `most` times of all.

        `action` is what reading it is called.
        """
        newest = select(_A.who, _A.at).where(_A.target == str(on)[:TARGET_MOST], _A.action == action)
        some = newest.order_by(_A.number.desc()).limit(most).subquery().c
        first = func.min(some.at)
        found = select(some.who, first, func.max(some.at), func.count()).group_by(some.who).order_by(first, some.who)
        with classified(), reading(self._engine).connect() as connection:
            return [Reading(*row) for row in connection.execute(found)]
