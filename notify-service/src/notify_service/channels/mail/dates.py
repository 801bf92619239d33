"""Moments as a mail's reader writes them: in the words and the order of a language."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

_WRITTEN_AS = {"en": "en_GB"}
"""Day before month, as most who read English write it."""


def moment_in(language: str, moment: datetime, timezone: str = "UTC") -> str:
    """Return a moment by the clocks of a time zone: `22 November 2026, 17:03 UTC`, `… 18:03 (Europe/Berlin)`."""
    if timezone == "UTC":
        at, zone = moment.astimezone(UTC), timezone
    else:
        at, zone = moment.astimezone(ZoneInfo(timezone)), f"({timezone})"
    return f"{day_in(language, at.date())}, {at:%H:%M} {zone}"


@lru_cache(maxsize=256)  # one day serves many mails
def day_in(language: str, day: date) -> str:
    """Return a day: `22 November 2026`, `22. November 2026`; as ISO 8601 has it in a language nobody knows."""
    try:
        locale = Locale.parse(_WRITTEN_AS.get(language, language.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        return day.isoformat()
    return format_date(day, "long", locale)
