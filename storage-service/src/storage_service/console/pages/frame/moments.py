"""Writes moments, and sizes, as people read them, in the reader's time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from markupsafe import Markup

from shared.forms import size_text

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@lru_cache(maxsize=64)
def zone_of(name: str | None) -> tzinfo:
    """Return a time zone by its name; UTC for none, and for one that this machine does not know."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def exact(moment: datetime, zone: tzinfo = UTC) -> str:
    """Return a moment to the second: `29 November 2026, 21:47:41 CET`."""
    return moment.astimezone(zone).strftime("%d %B %Y, %H:%M:%S %Z").lstrip("0")


def ago(moment: datetime, now: datetime, zone: tzinfo = UTC) -> Markup:
    """Return how long ago a moment was, or when it will be, as `<time>`; its exact time stands behind it."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), exact(moment, zone), words(moment, now, zone)
    )


def words(moment: datetime, now: datetime, zone: tzinfo = UTC) -> str:
    """Return a moment relative to another; beyond a week, its day."""
    seconds = (now - moment).total_seconds()
    distance = abs(seconds)
    if distance < _MINUTE:
        return "just now" if seconds >= 0 else "in a moment"
    if distance >= 7 * _DAY:
        return _day(moment.astimezone(zone), now.astimezone(zone))
    for unit, length in (("day", _DAY), ("hour", _HOUR), ("minute", _MINUTE)):
        if distance >= length:
            count = int(distance // length)
            text = f"{count} {unit}{'s' if count != 1 else ''}"
            return f"{text} ago" if seconds >= 0 else f"in {text}"
    raise AssertionError("unreachable")


def filters(now: Callable[[], datetime], zone: Callable[[], tzinfo]) -> dict[str, Callable[..., object]]:
    """Return the filters of templates; `zone` says where the reader of the page is."""
    return {
        "ago": lambda moment: ago(moment, now(), zone()),
        "exact": lambda moment: exact(moment, zone()),
        "size": size_text,
    }


def _day(day: datetime, today: datetime) -> str:
    return day.strftime("%d %b" if day.year == today.year else "%d %b %Y").lstrip("0")
