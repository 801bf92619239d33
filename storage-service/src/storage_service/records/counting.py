"""Counts submissions by form, by time and by what a field says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Engine, Integer, Select, Text, and_, case, cast, extract, func, select, true

from shared.query import Query
from storage_service.records.bounded import QUERY_SECONDS_MOST, Reader
from storage_service.records.conditions import Asking, Conditions, within
from storage_service.tables import IS_UNCONFIRMED, submissions

Step: TypeAlias = Literal["hour", "day", "week"]

STEPS_MOST: Mapping[Step, int] = {"hour": 24 * 31, "day": 800, "week": 260}
"""How many of each are counted at most, the last ones."""

VALUES_MOST = 100
VALUE_CHARACTERS = 200
"""How many values of a field are counted, the most frequent, and how much of each is compared."""

QUARTER_S = 900
"""A quarter of an hour: the offset of every time zone is some of these."""

_S = submissions.c


NEW_MOST = 20_000
"""How many new ones are counted, of all forms together: no index has them by form."""


@dataclass(frozen=True, slots=True)
class FormCounts:
    """How many submissions a form has. `new` and `all` are without spam; `last_at` is when the newest was accepted.

    Of `all`, `unconfirmed` wait until their addresses are confirmed, and of `new` `new_unconfirmed`.
    `is_exact` is False where there are more than `NEW_MOST` new ones: `new` is then a form's part of the newest.
    """

    new: int = 0
    all: int = 0
    spam: int = 0
    last_at: datetime | None = None
    is_exact: bool = True
    unconfirmed: int = 0
    new_unconfirmed: int = 0


@dataclass(frozen=True, slots=True)
class Slice:
    """How many began in one hour, day or week of the reader's time zone."""

    start: datetime
    n: int


@dataclass(frozen=True, slots=True)
class Values:
    """How many have each value of a field, the most frequent first; `others` have further ones."""

    found: Sequence[tuple[str | None, int]] = ()
    others: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    new: Counter[str] = field(default_factory=Counter)
    all: Counter[str] = field(default_factory=Counter)
    spam: Counter[str] = field(default_factory=Counter)
    last: dict[str, datetime] = field(default_factory=dict)
    unconfirmed: Counter[str] = field(default_factory=Counter)
    new_unconfirmed: Counter[str] = field(default_factory=Counter)

    def of(self, name: str, *, is_exact: bool) -> FormCounts:
        """Return the counts of one form."""
        waiting, new_waiting = self.unconfirmed[name], self.new_unconfirmed[name]
        counts = self.new[name], self.all[name], self.spam[name]
        return FormCounts(*counts, self.last.get(name), is_exact, waiting, new_waiting)


class Counting:
    """Counts in a database. `forms` are those that the asker may see, None for all. All methods raise as those of
    `Records` do."""

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds_most: float = QUERY_SECONDS_MOST,
    ) -> None:
        self._reader = Reader(engine, seconds_most)
        self._clock = clock
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._conditions = Conditions(engine.dialect.name)

    def by_form(self, forms: frozenset[str] | None) -> Mapping[str, FormCounts]:
        """Return the counts of each form that has any submission."""
        found = _Found()
        is_good = _S.spam.is_(None)
        with self._reader.connection() as connection:
            for row in connection.execute(_of_forms(forms, is_good, func.max(_S.accepted_at))):
                found.all[row[0]], found.last[row[0]] = row[1], row[2]
            for row in connection.execute(_new_of_forms(forms)):
                found.new[row[0]] = row[1]
            for row in connection.execute(_of_forms(forms, _S.spam.is_not(None))):
                found.spam[row[0]] = row[1]
            for row in connection.execute(_unconfirmed_of_forms(forms)):
                found.unconfirmed[row[0]], found.new_unconfirmed[row[0]] = row[1], row[2]
        is_exact = found.new.total() <= NEW_MOST
        return {name: found.of(name, is_exact=is_exact) for name in sorted(found.all.keys() | found.spam.keys())}

    def by_time(
        self, query: Query | None, forms: frozenset[str] | None, step: Step, zone: tzinfo, me: str | None = None
    ) -> Sequence[Slice]:
        """Return how many were accepted in each hour, day or week (from Monday) of a zone, oldest first.

        Those with none are left out, and those before the last `STEPS_MOST`.
        """
        now = self._clock()
        first = _beginning(now - (STEPS_MOST[step] - 1) * _LENGTHS[step], step, zone)
        condition = and_(self._asked(query, forms, Asking(now, zone, me)), _S.accepted_at >= first)
        found = select(quarter_of(is_sqlite=self._is_sqlite).label("slot"), func.count()).select_from(
            self._conditions.source
        )
        found = found.where(condition).group_by("slot")
        counted = Counter[datetime]()
        with self._reader.connection() as connection:
            for number, n in connection.execute(found):
                counted[_beginning(datetime.fromtimestamp(int(number) * QUARTER_S, UTC), step, zone)] += n
        return [Slice(start.astimezone(zone), counted[start]) for start in sorted(counted)]

    def by_field(
        self,
        query: Query | None,
        forms: frozenset[str] | None,
        name: str,
        zone: tzinfo = UTC,
        me: str | None = None,
    ) -> Values:
        """Return how many have each value of a field: a list counts as a whole; None stands for none."""
        value = func.substr(self._value(name), 1, VALUE_CHARACTERS).label("said")
        found = select(value, func.count(), func.sum(func.count()).over()).select_from(self._conditions.source)
        found = found.where(self._asked(query, forms, Asking(self._clock(), zone, me))).group_by("said")
        found = found.order_by(func.count().desc(), "said").limit(VALUES_MOST)
        with self._reader.connection() as connection:
            rows = connection.execute(found).all()
        shown = [(row[0], row[1]) for row in rows]
        return Values(shown, int(rows[0][2]) - sum(n for _, n in shown)) if rows else Values()

    def _asked(self, query: Query | None, forms: frozenset[str] | None, asking: Asking) -> ColumnElement[bool]:
        parts = [true()] if query is None else [self._conditions.of(query, asking)]
        return and_(*parts, *within(forms))

    def _value(self, name: str) -> ColumnElement[Any]:
        if not self._is_sqlite:
            said: ColumnElement[Any] = _S.fields[name].as_string()
            return said
        each = func.json_each(cast(_S.fields, Text)).table_valued("key", "value", "type")
        value = case((each.c.type.in_(("true", "false")), each.c.type), else_=cast(each.c.value, Text))
        return select(value).where(each.c.key == name).limit(1).correlate(submissions).scalar_subquery()


def quarter_of(*, is_sqlite: bool) -> ColumnElement[Any]:
    """Return the number of the quarter of an hour that a submission was accepted in, counted from 1970."""
    if is_sqlite:
        return cast(func.strftime("%s", _S.accepted_at), Integer).op("/")(QUARTER_S)
    return func.floor(extract("epoch", _S.accepted_at) / QUARTER_S)


_LENGTHS: Mapping[Step, timedelta] = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}


def _beginning(moment: datetime, step: Step, zone: tzinfo) -> datetime:
    """Return in UTC when the hour, day or week began in which a moment is, in a zone.

    In UTC, because Python takes the two hours alike that a clock shows when summer time ends.
    """
    local = moment.astimezone(zone)
    if step == "hour":
        return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return (day - timedelta(days=day.weekday()) if step == "week" else day).astimezone(UTC)


def _of_forms(
    forms: frozenset[str] | None, condition: ColumnElement[bool], *further: ColumnElement[Any]
) -> Select[Any]:
    return select(_S.form, func.count(), *further).where(condition, *within(forms)).group_by(_S.form)


def _unconfirmed_of_forms(forms: frozenset[str] | None) -> Select[Any]:
    is_new = func.sum(case((_S.state == "new", 1), else_=0))
    return (
        select(_S.form, func.count(), is_new).where(IS_UNCONFIRMED, _S.spam.is_(None), *within(forms)).group_by(_S.form)
    )


def _new_of_forms(forms: frozenset[str] | None) -> Select[Any]:
    newest = select(_S.form).where(_S.state == "new", _S.spam.is_(None), *within(forms))
    if forms is None:  # else a form's own index finds them
        newest = newest.order_by(_S.accepted_at.desc(), _S.id.desc())
    some = newest.limit(NEW_MOST + 1).subquery()
    return select(some.c.form, func.count()).group_by(some.c.form)
