"""Reads when something was submitted, as exports write it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Literal, TypeAlias

Order: TypeAlias = Literal["day-first", "month-first"]

YEAR_LEAST = 1990
AHEAD_MOST = timedelta(days=1)
"""How far in the future a moment may be: clocks differ, and so do time zones."""

_LENGTH_MOST = 64
_TIME = r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?)?"
_HALF = r"(?:\s?(?P<half>[AaPp])\.?[Mm]\.?)?"
_ZONE = r"(?:\s?(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d))?"
_YEAR_FIRST = re.compile(
    rf"(?P<year>\d{{4}})[-/.](?P<one>\d{{1,2}})[-/.](?P<two>\d{{1,2}}){_TIME}{_HALF}{_ZONE}", re.ASCII
)
_YEAR_LAST = re.compile(
    rf"(?P<one>\d{{1,2}})[-/.](?P<two>\d{{1,2}})[-/.](?P<year>\d{{4}}){_TIME}{_HALF}{_ZONE}", re.ASCII
)


class BadMoment(ValueError):
    """A text that is no moment, or says too little; the text of it says why, and how to mend that."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Reads moments. `zone` is that of those which name none, None where nobody said it. `order` is that of the day
    and the month where the year comes last. `now` is the present."""

    zone: tzinfo | None
    order: Order | None
    now: datetime

    def read(self, text: str) -> datetime:
        """Return a moment in UTC; raises `BadMoment`."""
        text = text.strip()
        found = _YEAR_FIRST.fullmatch(text) if len(text) <= _LENGTH_MOST else None
        month_at, day_at = "one", "two"
        if found is None:
            found = _YEAR_LAST.fullmatch(text) if len(text) <= _LENGTH_MOST else None
            if found is None:
                raise BadMoment("expected a date and a time, such as 2026-11-22 17:03")
            month_at, day_at = self._order()
        try:
            day = date(int(found["year"]), int(found[month_at]), int(found[day_at]))
            local = datetime.combine(day, _clock(found))
        except ValueError:
            raise BadMoment("there is no such date or time") from None
        return self._checked(self._in_utc(local, found["zone"]))

    def _order(self) -> tuple[str, str]:
        if self.order is None:
            raise BadMoment(
                "nobody says which is the day and which the month: --dates day-first or --dates month-first"
            )
        return ("two", "one") if self.order == "day-first" else ("one", "two")

    def _in_utc(self, local: datetime, named: str | None) -> datetime:
        zone = self.zone if named is None else _zone_of(named)
        if zone is None:
            raise BadMoment("it names no time zone: say in which it is by --zone, such as --zone Europe/Berlin")
        try:
            moment = local.replace(tzinfo=zone).astimezone(UTC)
        except OverflowError:
            raise BadMoment("there is no such date or time") from None
        if moment.astimezone(zone).replace(tzinfo=None) != local:
            raise BadMoment(f"clocks in {zone} were put forward over this time: there was none such")
        return moment

    def _checked(self, moment: datetime) -> datetime:
        if moment.year < YEAR_LEAST:
            raise BadMoment(f"it is before {YEAR_LEAST}")
        if moment > self.now + AHEAD_MOST:
            raise BadMoment("it is in the future")
        return moment


def _clock(found: re.Match[str]) -> time:
    hour = int(found["hour"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
    fraction = (found["fraction"] or "").ljust(6, "0")[:6]
    return time(hour, int(found["minute"] or 0), int(found["second"] or 0), int(fraction))


def _zone_of(text: str) -> tzinfo:
    if text[0] not in "+-":
        return UTC
    away = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    if away >= timedelta(hours=24):
        raise BadMoment("there is no such time zone")
    return timezone(-away if text[0] == "-" else away)
