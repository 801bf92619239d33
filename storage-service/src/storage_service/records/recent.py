"""Counts what came to each form in the last days: for charts of many forms, in whatever time zone they are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import accumulate, pairwise
from typing import Any

from sqlalchemy import Engine, Select, func, select

from storage_service.records.bounded import QUERY_SECONDS_MOST, Reader
from storage_service.records.counting import QUARTER_S, quarter_of
from storage_service.tables import submissions

DAYS = 30
"""How many days are counted, today among them."""

COUNTED_DAYS = 32
"""So far back that these days have begun in every time zone, and a clock that was set back has its hour more."""

AHEAD_DAYS = 2
"""So far ahead that today has ended in every time zone."""

_QUARTERS = (COUNTED_DAYS + AHEAD_DAYS) * 86_400 // QUARTER_S
_FORMS_AT_ONCE = 500

_S = submissions.c


@dataclass(frozen=True, slots=True)
class Day:
    """How many were accepted on one day of the reader's."""

    day: date
    n: int


@dataclass(frozen=True, slots=True)
class Recent:
    """What came in the last days, without spam. `sums` has for each form how many came before each quarter of an hour,
    from the one of number `first` on."""

    at: datetime
    first: int = 0
    sums: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def days(self, form: str, bounds: Sequence[datetime]) -> Sequence[Day]:
        """Return how many came on each day, the oldest first; `bounds` are what `bounds_of` returned."""
        sums, zone = self.sums.get(form), bounds[0].tzinfo
        places = [self._place(one) for one in bounds]
        return [
            Day(begun.astimezone(zone).date(), sums[end] - sums[start] if sums else 0)
            for begun, (start, end) in zip(bounds, pairwise(places), strict=False)
        ]

    def _place(self, moment: datetime) -> int:
        return min(max(int(moment.timestamp()) // QUARTER_S - self.first, 0), _QUARTERS)


def bounds_of(now: datetime, zone: tzinfo) -> Sequence[datetime]:
    """Return when each of the last `DAYS` days began in a zone, and when today ends.

    A day of summer time's begin or end has 23 or 25 hours. Where the clock jumps over midnight, a day begins behind it.
    """
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=number) for number in range(1 - DAYS, 2))
    return [_midnight(day, zone) for day in days]


class RecentCounts:
    """Counts in a database; raises as `Counting` does."""

    def __init__(self, engine: Engine, *, seconds_most: float = QUERY_SECONDS_MOST) -> None:
        self._reader = Reader(engine, seconds_most)
        self._is_sqlite = engine.dialect.name == "sqlite"

    def of(self, forms: Iterable[str], now: datetime) -> Recent:
        """Return what came to these forms, each of which an index finds by itself."""
        first = int((now - timedelta(days=COUNTED_DAYS)).timestamp()) // QUARTER_S
        names = sorted(forms)
        found = dict[str, list[int]]()
        with self._reader.connection() as connection:
            for start in range(0, len(names), _FORMS_AT_ONCE):
                for form, number, n in connection.execute(
                    self._statement(names[start : start + _FORMS_AT_ONCE], first)
                ):
                    counts = found.setdefault(form, [0] * (_QUARTERS + 1))
                    counts[min(int(number) - first, _QUARTERS - 1) + 1] += n
        return Recent(now, first, {form: list(accumulate(counts)) for form, counts in found.items()})

    def _statement(self, forms: Sequence[str], first: int) -> Select[Any]:
        since = datetime.fromtimestamp(first * QUARTER_S, UTC)
        slot = quarter_of(is_sqlite=self._is_sqlite).label("slot")
        found = select(_S.form, slot, func.count())
        return found.where(_S.form.in_(forms), _S.spam.is_(None), _S.accepted_at >= since).group_by(_S.form, "slot")


def _midnight(day: date, zone: tzinfo) -> datetime:
    """Return the beginning of a day, in its zone, by way of UTC: a midnight that is none becomes the moment after."""
    return datetime.combine(day, time(), zone).astimezone(UTC).astimezone(zone)
