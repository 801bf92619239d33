"""Turns the tree of a query into a condition of SQL on `submissions`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, and_, false, literal, not_, or_, select, true

from shared.mail_addresses import is_address
from shared.query import Query, QueryError, span_of
from shared.query.tree import (
    After,
    And,
    Assigned,
    Before,
    Field,
    Form,
    From,
    Has,
    Is,
    Label,
    Last,
    Not,
    On,
    Or,
    Phrase,
    Prefix,
    Score,
    Word,
)
from shared.query.values import COMPARISONS
from storage_service.records.folding import folded_address, folded_label
from storage_service.records.index.words import IsCommon, never
from storage_service.records.texts import Texts
from storage_service.tables import (
    HAS_FILES,
    HAS_REPLY,
    HAS_SCORE,
    IS_IMPORTED,
    IS_STARRED,
    IS_THERE,
    IS_UNCONFIRMED,
    delivery_states,
    submission_labels,
    submissions,
)

_S, _D, _L = submissions.c, delivery_states.c, submission_labels.c


_OF_DELIVERIES = ("held", "failed")
_OF_A_ROW: Mapping[str, ColumnElement[bool]] = {
    "spam": _S.spam.is_not(None),
    "starred": IS_STARRED,
    "imported": IS_IMPORTED,
    "unconfirmed": IS_UNCONFIRMED,
}


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and when: `now` is aware, days are those of `zone`, `me` is whom `assigned:me` means, by name."""

    now: datetime
    zone: tzinfo
    me: str | None = None


class Conditions:
    """Conditions for one kind of database, `postgresql` or `sqlite`."""

    def __init__(self, dialect: str, is_common: IsCommon = never) -> None:
        self._is_sqlite = dialect == "sqlite"
        self._is_common = is_common
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
                return self._any(parts, asking)
            case Not(part=Form() | Is() as part):
                return not_(self._filter(part))  # as an index has it
            case Not(part=part):
                return self._excluding.of(part, asking).is_not(true())
            case After() | Before() | On() | Last():
                return _within(tree, asking)
            case Assigned():
                return _assigned(tree, asking)
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

    def _any(self, parts: Sequence[Query], asking: Asking) -> ColumnElement[bool]:
        """Return whether one holds. What another table says is looked up together: PostgreSQL may begin there then."""
        labels = [part for part in parts if isinstance(part, Label)]
        states = [part for part in parts if isinstance(part, Is) and part.value in _OF_DELIVERIES]
        together = [
            *([self._is_labelled(*labels)] if labels else []),
            *([self._is_delivered(*states)] if states else []),
        ]
        others = (self.of(part, asking) for part in parts if part not in labels and part not in states)
        return or_(false(), *together, *others)

    def _is_labelled(self, *labels: Label) -> ColumnElement[bool]:
        return self._is_among(_L.submission_id, _L.folded.in_(sorted({folded_label(one.value) for one in labels})))

    def _is_delivered(self, *states: Is) -> ColumnElement[bool]:
        return self._is_among(_D.submission_id, or_(*(_is(one.value) for one in states)))

    def _filter(self, tree: Query) -> ColumnElement[bool]:
        match tree:
            case Form(value=name):
                return _S.form == name
            case Is(value="held" | "failed"):
                return self._is_delivered(tree)
            case Is(value=state):
                return _OF_A_ROW.get(state, _S.state == state)
            case Label():
                return self._is_labelled(tree)
            case Has(value="reply"):
                return HAS_REPLY
            case Score(operator=sign, value=asked):
                return _scored(sign, asked)
            case _:
                return HAS_FILES

    def _is_among(self, key: ColumnElement[UUID], condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """Return whether another table has a submission's key in a row of this condition, which an index finds."""
        found = select(key).where(condition)
        if self._is_sqlite and not self._is_common(found):  # see `Texts`
            return _S.id.in_(found)
        return found.where(key == _S.id).correlate(submissions).exists()


def within(forms: Iterable[str] | None) -> list[ColumnElement[bool]]:
    """Return what keeps out what was erased, and the submissions of other forms; None for all of them."""
    return [IS_THERE] if forms is None else [IS_THERE, _S.form.in_(sorted(forms))]


def _is(state: str) -> ColumnElement[bool]:
    """Return whether a delivery is in this state. Of one that failed and was asked for again, the later one tells."""
    if state != "failed":
        return _D.state == state
    again = delivery_states.alias("again").c
    later = select(literal(1)).where(again.submission_id == _D.submission_id, again.request == _D.asked)
    return and_(_D.state == state, not_(later.correlate(delivery_states).exists()))


def _scored(sign: str, asked: int) -> ColumnElement[bool]:
    return and_(HAS_SCORE, COMPARISONS[sign](_S.score, asked))


def _assigned(tree: Assigned, asking: Asking) -> ColumnElement[bool]:
    """Return whether a submission is somebody's; raises `QueryError` for who can be nobody's name."""
    whom = folded_address(tree.value)
    if whom == "none":
        return _S.assignee.is_(None)
    if whom == "me":
        if asking.me is None:
            raise QueryError("expected an address: nobody says who asks", tree.place)
        whom = folded_address(asking.me)
    elif not is_address(whom):
        raise QueryError("expected me, none, or an address such as ada@example.org", tree.place)
    return _S.assignee == whom


def _within(tree: After | Before | On | Last, asking: Asking) -> ColumnElement[bool]:
    span = span_of(tree, asking.now, asking.zone)
    since = true() if span.since is None else _S.accepted_at >= span.since
    until = true() if span.until is None else _S.accepted_at < span.until
    return and_(since, until)
