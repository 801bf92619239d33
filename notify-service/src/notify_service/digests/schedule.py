"""Says when the next digest goes. Pure.

A time that the clocks leave out, when summer time begins, is the moment at which it would have been: 02:30 is 03:30
then. A time that comes twice, when it ends, is the first of the two.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.forms.digest import Digest

_HOUR = timedelta(hours=1)
_DAYS_LOOKED_AT = range(-1, 9)
"""From the day before, whose moment may lie in this one, to the same day of the next week and one more."""


def next_after(digest: Digest, timezone: str, now: datetime) -> datetime:
    """Return the first moment after `now` at which a digest goes, in UTC; `timezone` is that of its owner."""
    if digest.every == "hour":
        return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + _HOUR
    zone = ZoneInfo(digest.zone or timezone)
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=number) for number in _DAYS_LOOKED_AT)
    moments = (_moment(digest, day, zone) for day in days if digest.every == "day" or day.weekday() == digest.day)
    return next(moment for moment in moments if moment > now)


def _moment(digest: Digest, day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, digest.at, zone).astimezone(UTC)
