"""Keeps who did what: rows are added, and the database lets nobody change or remove them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, insert, select

from shared.database import classified, reading
from storage_service.accounts.asker import Asker
from storage_service.tables import audit

TARGET_MOST = 200
"""Characters of what something was done to. PostgreSQL's index takes no more than some hundreds."""

ACTIONS = (
    "submission.read",
    "submission.resend",
    "export.csv",
    "export.json",
    "export.ndjson",
    "export.xlsx",
    "job.stop",
    "parked.list",
    "parked.read",
    "parked.replay",
    "parked.discard",
    "key.added",
    "key.ended",
    "user.added",
    "user.changed",
    "user.ended",
    "invitation.made",
    "invitation.ended",
    "reset.made",
    "password.set",
    "password.removed",
    "session.began",
    "session.refused",
    "session.ended",
    "sessions.ended",
)
"""Much of what is noted, to choose from."""

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
