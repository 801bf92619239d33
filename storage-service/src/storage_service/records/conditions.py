"""Turns the tree of a query into a condition of SQL on `submissions`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import ColumnElement, and_, false, not_, or_, select, true

from shared.query import Query, QueryError, span_of
from shared.query.tree import After, And, Before, Form, Has, Is, Last, Not, On, Or
from storage_service.tables import delivery_states, submissions

_S, _D = submissions.c, delivery_states.c


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and when: `now` is aware, days are those of `zone`, `me` is whom `assigned:me` means."""

    now: datetime
    zone: tzinfo
    me: str | None = None


def condition_of(tree: Query, asking: Asking) -> ColumnElement[bool]:
    """Return the condition; raises `QueryError` for what cannot be asked."""
    match tree:
        case And(parts=parts):
            return and_(true(), *(condition_of(part, asking) for part in parts))
        case Or(parts=parts):
            return or_(false(), *(condition_of(part, asking) for part in parts))
        case Not(part=part):
            return not_(condition_of(part, asking))
        case Form(value=name):
            return _S.form == name
        case Is(value=state):
            return _is(state, tree)
        case Has(value="file"):
            return false()  # no form takes files yet (decision 8)
        case After() | Before() | On() | Last():
            return _within(tree, asking)
        case _:
            raise QueryError("this cannot be searched for yet", tree.place)


def _is(state: str, tree: Is) -> ColumnElement[bool]:
    if state == "spam":
        return _S.spam.is_not(None)
    if state in ("held", "failed"):
        return select(_D.delivery_id).where(_D.submission_id == _S.id, _D.state == state).exists()
    raise QueryError("this cannot be searched for yet", tree.place)


def _within(tree: After | Before | On | Last, asking: Asking) -> ColumnElement[bool]:
    span = span_of(tree, asking.now, asking.zone)
    since = true() if span.since is None else _S.accepted_at >= span.since
    until = true() if span.until is None else _S.accepted_at < span.until
    return and_(since, until)
