"""Turns the tree of a query into a condition of SQL on `submissions`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import ColumnElement, FromClause, and_, false, not_, or_, select, true

from shared.query import Query, QueryError, span_of
from shared.query.tree import After, And, Before, Field, Form, From, Has, Is, Last, Not, On, Or, Phrase, Prefix, Word
from storage_service.records.index.words import IsCommon, never
from storage_service.records.texts import Texts
from storage_service.tables import delivery_states, submissions

_S, _D = submissions.c, delivery_states.c


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and when: `now` is aware, days are those of `zone`, `me` is whom `assigned:me` means."""

    now: datetime
    zone: tzinfo
    me: str | None = None


class Conditions:
    """Conditions for one kind of database, `postgresql` or `sqlite`."""

    def __init__(self, dialect: str, is_common: IsCommon = never) -> None:
        self._is_sqlite = dialect == "sqlite"
        self._texts = Texts(dialect, is_common)
        # What is excluded is looked for in all that the list passes by: its ids are better known before.
        self._excluding = self if is_common is never else Conditions(dialect)
        self.source: FromClause = self._texts.source
        """What is selected from: the submissions, and what the conditions need beside them."""

    def of(self, tree: Query, asking: Asking) -> ColumnElement[bool]:
        """Return the condition, in which null stands for no; raises `QueryError` for what cannot be asked."""
        match tree:
            case And(parts=parts):
                return self._all(parts, asking)
            case Or(parts=parts):
                return or_(false(), *(self.of(part, asking) for part in parts))
            case Not(part=Form() | Is() as part):
                return not_(self._filter(part))  # as an index has it
            case Not(part=part):
                return self._excluding.of(part, asking).is_not(true())
            case After() | Before() | On() | Last():
                return _within(tree, asking)
            case Word() | Prefix() | Phrase():
                return self._texts.anywhere(tree)
            case From():
                return self._texts.sent_by(tree)
            case Field():
                return self._texts.in_field(tree)
            case _:
                return self._filter(tree)

    def _all(self, parts: Sequence[Query], asking: Asking) -> ColumnElement[bool]:
        """Return whether all hold. Words are looked up together: each may be in many submissions, all in few."""
        words = [part for part in parts if isinstance(part, Word | Prefix | Phrase)]
        others = (self.of(part, asking) for part in parts if not isinstance(part, Word | Prefix | Phrase))
        return and_(true(), *([self._texts.anywhere(*words)] if words else []), *others)

    def _filter(self, tree: Query) -> ColumnElement[bool]:
        match tree:
            case Form(value=name):
                return _S.form == name
            case Is(value="spam"):
                return _S.spam.is_not(None)
            case Is(value="held" | "failed" as state):
                return self._has_delivery(state)
            case Has(value="file"):
                return false()  # no form takes files yet (decision 8)
            case _:
                raise QueryError("this filter cannot be searched for yet", tree.place)

    def _has_delivery(self, state: str) -> ColumnElement[bool]:
        found = select(_D.submission_id).where(_D.state == state)
        if self._is_sqlite:  # see `Texts`
            return _S.id.in_(found)
        return found.where(_D.submission_id == _S.id).correlate(submissions).exists()


def _within(tree: After | Before | On | Last, asking: Asking) -> ColumnElement[bool]:
    span = span_of(tree, asking.now, asking.zone)
    since = true() if span.since is None else _S.accepted_at >= span.since
    until = true() if span.until is None else _S.accepted_at < span.until
    return and_(since, until)
