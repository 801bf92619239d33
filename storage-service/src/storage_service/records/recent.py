"""Counts what came to each form on each of the last days of a reader: for charts of many forms at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise

from sqlalchemy import Engine, TextClause, bindparam, text

from shared.database import UtcTimestamp
from storage_service.records.bounded import QUERY_SECONDS_MOST, Reader

DAYS = 30
"""How many days are counted, today among them."""

_FORMS_AT_ONCE = 500

_OF_DAYS = (
    "SELECT f.column1, b.column1, (SELECT count(*) FROM submissions WHERE submissions.form = f.column1 "
    "AND submissions.spam IS NULL AND submissions.erased_at IS NULL "
    "AND submissions.accepted_at >= b.column2 AND submissions.accepted_at < b.column3) "
    "FROM (VALUES {forms}) AS f CROSS JOIN (VALUES {days}) AS b"
)
"""The index by form has each day of a form in one piece: to group all of them by day, SQLite would sort them."""


@dataclass(frozen=True, slots=True)
class Day:
    """How many were accepted on one day of the reader's."""

    day: date
    n: int


def bounds_of(now: datetime, zone: tzinfo) -> Sequence[datetime]:
    """Return when each of the last `DAYS` days began in a zone, and when today ends.

    A day of summer time's begin or end has 23 or 25 hours. Where the clock jumps over midnight, a day begins behind it.
    """
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=number) for number in range(1 - DAYS, 2))
    return [_midnight(day, zone) for day in days]


class RecentCounts:
    """Counts in a database, without spam; raises as `Counting` does."""

    def __init__(self, engine: Engine, *, seconds_most: float = QUERY_SECONDS_MOST) -> None:
        self._reader = Reader(engine, seconds_most)

    def of(self, forms: Iterable[str], bounds: Sequence[datetime]) -> Mapping[str, Sequence[Day]]:
        """Return how many came to each of these forms on each day, the oldest first; `bounds` as `bounds_of` has it."""
        names, days = sorted(forms), [one.date() for one in bounds[:-1]]
        found: dict[str, list[Day]] = {name: [Day(one, 0) for one in days] for name in names}
        with self._reader.connection() as connection:
            for start in range(0, len(names), _FORMS_AT_ONCE):
                for form, number, n in connection.execute(_statement(names[start : start + _FORMS_AT_ONCE], bounds)):
                    found[form][number] = Day(days[number], n)
        return found


def _statement(forms: Sequence[str], bounds: Sequence[datetime]) -> TextClause:
    said = {f"f{number}": name for number, name in enumerate(forms)}
    days = [f"({number}, :b{number}, :b{number + 1})" for number, _ in enumerate(pairwise(bounds))]
    made = text(_OF_DAYS.format(forms=", ".join(f"(:{name})" for name in said), days=", ".join(days)))
    moments = (bindparam(f"b{number}", one, UtcTimestamp()) for number, one in enumerate(bounds))
    return made.bindparams(*moments, **said)


def _midnight(day: date, zone: tzinfo) -> datetime:
    """Return the beginning of a day, in its zone, by way of UTC: a midnight that is none becomes the moment after."""
    return datetime.combine(day, time(), zone).astimezone(UTC).astimezone(zone)
