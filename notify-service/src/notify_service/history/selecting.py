"""Selects deliveries for owners, newest first, page by page: by indexes alone, however many there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, Row, Select, and_, func, literal, not_, select, text, tuple_

from notify_service.deliveries.states import GATHERED, State
from notify_service.tables import deliveries, delivery_attempts
from shared.database import classified, reading

PAGE = 200

_D, _A = deliveries.c, delivery_attempts.c
_NOT_SENT = ("failed", "suppressed", "bounced")
_LAST_TRY = and_(_A.delivery_id == _D.id, _A.number == _D.attempts)
_SHOWN = (
    *(_D.id, _D.submission_id, _D.form, _D.channel, _D.destination_shown, _D.state, _D.attempts, _D.created_at),
    *(_D.changed_at, _D.next_attempt_at, _D.sent_at, _D.last_error, _D.requested_by, _A.said),
)
_OUT_OF_THE_INDEX = text("deliveries.state <> 'sent'")
"""As the index `deliveries_unsent` says it: a database uses that where it sees its very condition."""


@dataclass(frozen=True, slots=True)
class Which:
    """Which deliveries are asked for: all that is set has to be true of them.

    `failed`, `suppressed` and `bounced` leave out what somebody has asked for again: the later delivery says how it is
    now. With a state other than `sent` they are in the order of their last change, and `since` is about that; else both
    are about when they were made. `forms` are those that whoever asks may see; None is all. With `is_gathered`
    what is held waits to be told of along with others; False leaves that out.
    """

    state: State | None = None
    form: str | None = None
    submission: UUID | None = None
    since: datetime | None = None
    after: tuple[datetime, UUID] | None = None
    forms: Sequence[str] | None = None
    is_gathered: bool | None = None


def is_sent_again() -> ColumnElement[bool]:
    """Return the condition that a later delivery of the same submission was to go where this one was."""
    later = deliveries.alias("later")
    same = (later.c[one.name] == one for one in (_D.submission_id, _D.channel, _D.destination_hash))
    return select(literal(1)).where(*same, later.c.created_at > _D.created_at).correlate(deliveries).exists()


def moment_of(which: Which, row: Row[Any]) -> datetime:
    """Return the moment by which deliveries are in order."""
    moment: datetime = row.changed_at if _by_change(which) else row.created_at
    return moment


def select_page(which: Which, limit: int) -> Select[Any]:
    """Return the query of the newest of them, after the position given."""
    moment: ColumnElement[datetime] = _D.changed_at if _by_change(which) else _D.created_at
    found = select(*_SHOWN).join(delivery_attempts, _LAST_TRY, isouter=True)
    if which.state is not None:
        found = found.where(_D.state == which.state)
    if which.is_gathered is not None:
        is_gathered = func.coalesce(_D.last_error, "").in_(GATHERED)
        found = found.where(is_gathered if which.is_gathered else not_(is_gathered))
    if which.state in _NOT_SENT:
        found = found.where(not_(is_sent_again()))
    if _by_change(which):
        found = found.where(_OUT_OF_THE_INDEX)
    if which.form is not None:
        found = found.where(_D.form == which.form)
    if which.forms is not None:
        found = found.where(_D.form.in_(which.forms))
    if which.submission is not None:
        found = found.where(_D.submission_id == which.submission)
    if which.since is not None:
        found = found.where(moment >= which.since)
    if which.after is not None:
        found = found.where(tuple_(moment, _D.id) < which.after)
    return found.order_by(moment.desc(), _D.id.desc()).limit(limit)


def selected(engine: Engine, which: Which, limit: int) -> Iterator[Row[Any]]:
    """Return the first so many, read page by page; raises `DependencyUnavailable`."""
    reader = reading(engine)
    while limit > 0:
        asked = min(limit, PAGE)
        with classified(), reader.connect() as connection:
            rows = connection.execute(select_page(which, asked)).all()
        yield from rows
        if len(rows) < asked:
            return
        limit -= asked
        which = replace(which, after=(moment_of(which, rows[-1]), rows[-1].id))


def _by_change(which: Which) -> bool:
    return which.state not in {None, "sent"}
