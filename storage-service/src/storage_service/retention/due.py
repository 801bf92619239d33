"""Finds what is due, oldest first, by an index of a form's submissions: a page of it is a piece of that index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, func, literal, select, true, tuple_

from storage_service.retention.rules import COUNTS_AFTER, Key, Rule
from storage_service.tables import IS_UNCONFIRMED, submission_trail, submissions

COUNT_MOST = 100_000
"""How many due ones are counted."""

_S, _T = submissions.c, submission_trail.c


class Place(NamedTuple):
    """Behind one submission in the order of acceptance."""

    accepted_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Page:
    """A page of what is old enough: those to do something with, and the place behind it, None at the end."""

    due: tuple[Place, ...]
    next: Place | None


def page(connection: Connection, key: Key, rule: Rule, now: datetime, after: Place | None, rows: int) -> Page:
    """Return the next page of a rule. Of one that anonymises, what is anonymous already is passed by."""
    old = (of(key), _S.accepted_at < rule.is_due_before(now), _is_left_alone(key, now))
    found = select(_S.accepted_at, _S.id, _S.anonymised_at).where(*old)
    if after is not None:
        found = found.where(tuple_(_S.accepted_at, _S.id) > (after.accepted_at, after.id))
    read = connection.execute(found.order_by(_S.accepted_at, _S.id).limit(rows)).all()
    due = tuple(Place(one.accepted_at, one.id) for one in read if rule.action == "erase" or one.anonymised_at is None)
    return Page(due, Place(read[-1].accepted_at, read[-1].id) if len(read) == rows else None)


def still(connection: Connection, key: Key, rule: Rule, now: datetime, some: Sequence[Place]) -> Sequence[UUID]:
    """Return those of them that are due by now too: until the end of the transaction nobody else changes them.

    What somebody works on just now is left for a later look.
    """
    found = select(_S.id).where(_S.id.in_([one.id for one in some]), *_due(key, rule, now))
    return connection.scalars(found.order_by(_S.id).with_for_update(skip_locked=True)).all()


def count(connection: Connection, key: Key, rule: Rule, now: datetime, since: datetime | None = None) -> int:
    """Return how many are due, `COUNT_MOST` and one at most. Nothing is due that was accepted before `since`."""
    some = select(literal(1).label("one")).where(*_due(key, rule, now), _since(since)).limit(COUNT_MOST + 1).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


def first(
    connection: Connection, key: Key, rule: Rule, now: datetime, since: datetime | None = None
) -> datetime | None:
    """Return when the oldest was accepted that the rule is still to be applied to, due or not."""
    found = select(_S.accepted_at).where(of(key), _is_open_to(rule), _is_left_alone(key, now), _since(since))
    return connection.scalar(found.order_by(_S.accepted_at, _S.id).limit(1))


def of(key: Key) -> ColumnElement[bool]:
    """Return the condition of the index: of a form all, what nobody confirmed, or spam; not the erased."""
    is_of = _S.spam.is_not(None) if key.what == "spam" else _S.spam.is_(None)
    waits = IS_UNCONFIRMED if key.what == "unconfirmed" else true()
    return and_(_S.form == key.form, is_of, waits, _S.erased_at.is_(None))


def _due(key: Key, rule: Rule, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return of(key), _is_open_to(rule), _is_left_alone(key, now), _S.accepted_at < rule.is_due_before(now)


def _is_left_alone(key: Key, now: datetime) -> ColumnElement[bool]:
    """Return the condition that nobody has worked on a spam lately: they may have marked it just now, by mistake."""
    if key.what != "spam":
        return true()
    last = select(func.max(_T.at)).where(_T.submission_id == _S.id).scalar_subquery()
    return func.coalesce(last, _S.accepted_at) <= now - COUNTS_AFTER


def _is_open_to(rule: Rule) -> ColumnElement[bool]:
    return true() if rule.action == "erase" else _S.anonymised_at.is_(None)


def _since(moment: datetime | None) -> ColumnElement[bool]:
    return true() if moment is None else _S.accepted_at >= moment
