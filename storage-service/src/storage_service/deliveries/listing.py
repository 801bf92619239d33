"""Lists the deliveries that failed or are held, for whoever owns their forms, and has them sent again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, Row, and_, func, select, tuple_

from shared.database import classified, reading
from storage_service.deliveries.resending import Resending
from storage_service.deliveries.selection import CAPPED, Selection, State, is_not_asked_for
from storage_service.tables import delivery_states

COUNTED_MOST = 1000
"""How far deliveries are counted."""

SHOWN_MOST = 100
"""Deliveries of one submission that are shown, as notify does."""

_S = delivery_states.c


@dataclass(frozen=True, slots=True)
class Which:
    """Which deliveries are looked at: those in a state that nobody asked for again, and that the other members leave.

    `since` is when they failed, or were held, at the earliest. `forms` are those that whoever looks may see; None is
    all.
    """

    state: State = "failed"
    form: str | None = None
    channel: str | None = None
    since: datetime | None = None
    forms: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """One of them. `words` say to an owner why it is so, `reason` says it to programs; `destination` is no address.

    `is_sendable` says that it can be sent again: what waits for something else than room under a cap cannot.
    """

    id: UUID
    submission_id: UUID
    form: str | None
    channel: str
    destination: str
    state: str
    attempts: int
    reason: str | None
    words: str | None
    changed_at: datetime

    @property
    def is_sendable(self) -> bool:
        """Whether it can be sent again."""
        return self.state == "failed" or (self.reason or "").startswith(CAPPED)


class Deliveries:
    """The deliveries of a database that need a person. All methods raise as `classified` does."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._clock = clock

    def page(self, which: Which, limit: int, after: tuple[datetime, UUID] | None = None) -> Sequence[Listed]:
        """Return so many of them, what changed last before all else, from beyond a place on."""
        found = select(*(_S[name] for name in _SHOWN)).where(self._condition(which))
        if after is not None:
            found = found.where(tuple_(_S.changed_at, _S.delivery_id) < after)
        found = found.order_by(_S.changed_at.desc(), _S.delivery_id.desc()).limit(limit)
        with classified(), self._reading.connect() as connection:
            return [_listed(row) for row in connection.execute(found)]

    def of(self, submission_id: UUID) -> Sequence[Listed]:
        """Return what notify has told of a submission's deliveries: those that failed or were held, whatever became of
        them since, and those that somebody asked for."""
        found = select(*(_S[name] for name in _SHOWN)).where(_S.submission_id == submission_id)
        with classified(), self._reading.connect() as connection:
            return [_listed(row) for row in connection.execute(found.order_by(_S.changed_at).limit(SHOWN_MOST))]

    def count(self, which: Which, most: int = COUNTED_MOST) -> int:
        """Return how many there are; of more than `most`, one more."""
        some = select(_S.delivery_id).where(self._condition(which)).limit(most + 1).subquery()
        with classified(), self._reading.connect() as connection:
            return connection.scalar(select(func.count()).select_from(some)) or 0

    def again(self, ids: Sequence[UUID], forms: frozenset[str] | None, by: str) -> int:
        """Ask for some to be sent again, of those that `forms` leave, and return how many were asked for.

        Left alone are those that were asked for already, that cannot be sent, or whose submission somebody called spam.
        """
        selection = Selection(deliveries=list(dict.fromkeys(ids)), forms=forms)
        return sum(Resending(self._engine, by, clock=self._clock).request(selection))

    def _condition(self, which: Which) -> ColumnElement[bool]:
        chosen = [_S.state == which.state, is_not_asked_for(self._clock())]
        if which.form is not None:
            chosen.append(_S.form == which.form)
        if which.channel is not None:
            chosen.append(_S.channel == which.channel)
        if which.since is not None:
            chosen.append(_S.changed_at >= which.since)
        if which.forms is not None:
            chosen.append(_S.form.in_(sorted(which.forms)))
        return and_(*chosen)


_SHOWN = (
    *("delivery_id", "submission_id", "form", "channel", "destination_shown", "state", "attempts"),
    *("reason", "words", "changed_at"),
)


def _listed(row: Row[Any]) -> Listed:
    return Listed(
        id=row.delivery_id,
        submission_id=row.submission_id,
        form=row.form,
        channel=row.channel,
        destination=row.destination_shown,
        state=row.state,
        attempts=row.attempts,
        reason=row.reason,
        words=row.words,
        changed_at=row.changed_at,
    )
