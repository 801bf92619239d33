"""Days of a query are days of the reader's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest

from shared.query import Span, parse, span_of
from shared.query.dates import Dated

BERLIN, BEIRUT, AUCKLAND = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Beirut"), ZoneInfo("Pacific/Auckland")
NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


def utc(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


@pytest.mark.parametrize(
    ("query", "zone", "since", "until"),
    [
        ("after:2026-11-01", UTC, "2026-11-01T00:00", None),
        ("after:2026-11-01", BERLIN, "2026-10-31T23:00", None),
        ("before:2026-12-01", AUCKLAND, None, "2026-11-30T11:00"),
        ("on:2026-11-22", UTC, "2026-11-22T00:00", "2026-11-23T00:00"),
        ("on:today", UTC, "2026-11-22T00:00", "2026-11-23T00:00"),
        ("on:today", BERLIN, "2026-11-22T23:00", "2026-11-23T23:00"),
        ("on:yesterday", BERLIN, "2026-11-21T23:00", "2026-11-22T23:00"),
        ("on:2026-03-29", BERLIN, "2026-03-28T23:00", "2026-03-29T22:00"),  # 23 hours
        ("on:2026-10-25", BERLIN, "2026-10-24T22:00", "2026-10-25T23:00"),  # 25 hours
        ("on:2026-03-29", BEIRUT, "2026-03-28T22:00", "2026-03-29T21:00"),  # has no midnight
        ("last:24h", BERLIN, "2026-11-21T23:30", None),
        ("last:7d", BERLIN, "2026-11-15T23:30", None),
        ("last:5w", BERLIN, "2026-10-18T22:30", None),  # summer time then
        ("last:840h", BERLIN, "2026-10-18T23:30", None),
        ("after:1970-01-01", AUCKLAND, "1969-12-31T12:00", None),
        ("on:2999-12-31", UTC, "2999-12-31T00:00", "3000-01-01T00:00"),
        ("last:9999w", UTC, "1835-04-05T23:30", None),
    ],
)
def test_a_day(query: str, zone: tzinfo, since: str | None, until: str | None) -> None:
    tree = parse(query)
    assert isinstance(tree, Dated)
    assert span_of(tree, NOW, zone) == Span(utc(since), utc(until))
