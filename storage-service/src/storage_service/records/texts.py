"""Turns words, phrases and what is asked of fields into conditions on the index."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, func, or_, select

from shared.query import Needle
from shared.query.submitted import NO, YES, needle
from shared.query.tree import Field, From, Prefix, Text
from shared.query.values import number_of
from storage_service.records.index.facts import SENDER_KEY, fact, key_of, sender_is, sender_word
from storage_service.records.index.numbers import sortable
from storage_service.records.index.words import IsCommon, never, words_of
from storage_service.tables import search_entries, search_fields, submissions

_S, _E, _F = submissions.c, search_entries.c, search_fields.c

_COMPARISONS: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class Texts:
    """Conditions for one kind of database. They say the same of a row as `shared.query.matching` says of its event."""

    def __init__(self, dialect: str, is_common: IsCommon = never) -> None:
        self._words = words_of(dialect, is_common)
        self._is_common = is_common
        self._is_sqlite = dialect == "sqlite"
        self._place = func.instr if self._is_sqlite else func.strpos
        self.source: FromClause = self._words.joined()
        """What is selected from: the submissions, and what the conditions need beside them."""

    def anywhere(self, *texts: Text) -> ColumnElement[bool]:
        """Return whether some fields have all of these texts."""
        wanted = list(map(needle, texts))
        return and_(*self._have(wanted, wanted, _not_the_sender))

    def sent_by(self, asked: From) -> ColumnElement[bool]:
        """Return whether the submitter's address has it, or is it."""
        folded = asked.value.text.casefold()
        if "@" in folded and not isinstance(asked.value, Prefix):
            return self._words.have(_exactly(sender_is(folded)))
        wanted = needle(asked.value)
        kept = Needle(tuple(map(sender_word, wanted.tokens)), wanted.is_prefix)
        return and_(*self._have([kept], [wanted], _F.field == SENDER_KEY))

    def in_field(self, asked: Field) -> ColumnElement[bool]:
        """Return whether a field is, has, or is beyond what is asked."""
        value = asked.value
        if isinstance(value, Decimal):
            return self._beyond(asked, _F.least, _F.greatest, sortable(value))
        if isinstance(value, date):
            return self._beyond(asked, _F.first_day, _F.last_day, value.isoformat())
        return self._says(asked.name, value, is_whole=asked.operator == "=")

    def _beyond(self, asked: Field, least: Any, greatest: Any, limit: str) -> ColumnElement[bool]:
        bound = greatest if asked.operator[0] == ">" else least
        is_beyond = _COMPARISONS[asked.operator](bound, limit)
        return self._in_index(_F.field == key_of(asked.name), least.is_not(None), is_beyond)

    def _says(self, name: str, asked: Text, *, is_whole: bool) -> ColumnElement[bool]:
        wanted, is_field = needle(asked), _F.field == key_of(name)
        if isinstance(asked, Prefix):
            return and_(*self._have([wanted], [wanted], is_field, is_in_field=True))
        found = self._words.have(Needle(wanted.tokens, wanted.is_prefix and not is_whole))
        said = self._contains(_F.words, wanted, is_whole=is_whole)
        facts = [self._words.have(_exactly(one)) for one in _facts(name, asked.text)]
        return or_(*facts, and_(found, self._beside(is_field, said)))

    def _have(
        self,
        kept: Sequence[Needle],
        wanted: Sequence[Needle],
        condition: ColumnElement[bool],
        *,
        is_in_field: bool = False,
    ) -> Iterator[ColumnElement[bool]]:
        """Yield whether the index has what is `kept` there of all that is wanted, and whether the texts have the rest.

        The texts say it of several words that stand together, of a field, and where the index would take too long.
        """
        is_quick = self._words.are_quick(*kept)
        found = [one for one in kept if is_quick or not one.is_prefix]
        beside = [one for one in wanted if is_in_field or len(one.tokens) > 1 or (one.is_prefix and not is_quick)]
        told = [self._side_by_side(one, condition) for one in beside]
        looked_up = [self._words.have(*found)] if found else []
        yield from (*looked_up, *told) if is_quick else (*told, *looked_up)  # SQLite asks in this order

    def _side_by_side(self, wanted: Needle, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        return self._beside(condition, or_(self._contains(_F.words, wanted), self._contains(_F.figures, wanted)))

    def _beside(self, *conditions: ColumnElement[bool], is_walked: bool = False) -> ColumnElement[bool]:
        """Return whether a field of a submission is such a one; for few submissions, which another condition finds.

        Where the list `is_walked`, PostgreSQL may not read all such fields first: it makes no join of what has an
        offset.
        """
        found = _fields(*conditions).where(_E.id == _S.id).correlate(submissions)
        return (found.offset(0) if is_walked and not self._is_sqlite else found).exists()

    def _in_index(self, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        """Return the same, for conditions by which an index finds it."""
        if self._is_common(select(_F.number).where(*conditions)):  # then the list is walked, and soon has a page full
            return self._beside(*conditions, is_walked=True)
        # SQLite reads `IN (SELECT …)` first, and `EXISTS` once for each submission there is; PostgreSQL chooses.
        return _S.id.in_(_fields(*conditions)) if self._is_sqlite else self._beside(*conditions)

    def _contains(self, column: Any, wanted: Needle, *, is_whole: bool = False) -> ColumnElement[bool]:
        """Return whether `searchable` texts have the tokens side by side; see `shared.query.submitted.is_in`."""
        said = " ".join(wanted.tokens)
        said = f"  {said}  " if is_whole else f" {said}" if wanted.is_prefix else f" {said} "
        return self._place(column, said) > 0


_not_the_sender = _F.field != SENDER_KEY


def _exactly(token: str) -> Needle:
    return Needle((token,), is_prefix=False)


def _fields(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(_E.id).join(search_fields, _F.number == _E.number).where(*conditions)


def _facts(name: str, text: str) -> Sequence[str]:
    said, number = text.casefold(), number_of(text)
    kinds = [*(["true"] if said in YES else []), *(["false"] if said in NO else []), *({said} & {"yes", "no"})]
    return [fact(name, one) for one in kinds] + ([] if number is None else [fact(name, "number", sortable(number))])
