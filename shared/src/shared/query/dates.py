"""Turns the days of a query into moments, in the reader's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TypeAlias

from shared.query.tree import After, Before, Day, Last, On

Dated: TypeAlias = After | Before | On | Last

_ONE_DAY = timedelta(days=1)
_UNITS = {"h": timedelta(hours=1), "d": _ONE_DAY, "w": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class Span:
    """The moments from `since` on and before `until`, both in UTC; None leaves an end open."""

    since: datetime | None = None
    until: datetime | None = None


def span_of(node: Dated, now: datetime, zone: tzinfo) -> Span:
    """Return the moments that a filter asks for. `now` is aware, and one and the same for all filters of a query.

    A day lasts from midnight to midnight in `zone`, be it 23, 24 or 25 hours. `last:2d` goes back to the same time of
    day, `last:48h` goes back 48 hours.
    """
    match node:
        case After(day=day):
            return Span(since=_midnight(day, now, zone))
        case Before(day=day):
            return Span(until=_midnight(day, now, zone))
        case On(day=day):
            return Span(_midnight(day, now, zone), _midnight(day, now, zone, later=_ONE_DAY))
        case Last():
            return Span(since=_ago(node, now, zone))


def _midnight(day: Day, now: datetime, zone: tzinfo, *, later: timedelta = timedelta()) -> datetime:
    if not isinstance(day, date):
        today = now.astimezone(zone).date()
        day = today if day == "today" else today - _ONE_DAY
    return datetime.combine(day + later, time(), zone).astimezone(UTC)


def _ago(node: Last, now: datetime, zone: tzinfo) -> datetime:
    # Python subtracts from what a clock on the wall shows, if the moment has a zone with summer time.
    shown = now.astimezone(UTC if node.unit == "h" else zone)
    return (shown - node.amount * _UNITS[node.unit]).astimezone(UTC)
