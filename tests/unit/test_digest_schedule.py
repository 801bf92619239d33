"""When the next digest goes, by clocks that change, in two zones, on leap days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from notify_service.digests.schedule import next_after
from shared.forms.digest import parse_digest

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


def at(text: str, zone: str = "UTC", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("hourly", at("2026-11-30 13:05"), at("2026-11-30 14:00")),
        ("hourly", at("2026-11-30 14:00"), at("2026-11-30 15:00")),
        ("hourly", at("2026-12-31 23:59:59"), at("2027-01-01 00:00")),
        ("daily 08:00", at("2026-11-30 07:59"), at("2026-11-30 08:00")),
        ("daily 08:00", at("2026-11-30 08:00"), at("2026-12-01 08:00")),
        ("daily 08:00 Europe/Berlin", at("2026-11-30 06:59"), at("2026-11-30 07:00")),
        ("daily 00:00 Pacific/Auckland", at("2026-11-30 10:59"), at("2026-11-30 11:00")),
        ("weekly Mon 08:00", at("2026-11-30 07:00"), at("2026-11-30 08:00")),
        ("weekly Mon 08:00", at("2026-11-30 08:00"), at("2026-12-07 08:00")),
        ("weekly Sun 23:59 America/New_York", at("2026-12-06 20:00"), at("2026-12-07 04:59")),
        ("daily 12:00", at("2028-02-28 13:00"), at("2028-02-29 12:00")),
        ("daily 12:00", at("2028-02-29 13:00"), at("2028-03-01 12:00")),
        ("weekly Tue 12:00", at("2028-02-22 13:00"), at("2028-02-29 12:00")),
    ],
)
def test_it_goes_at_the_next_moment(text: str, now: datetime, expected: datetime) -> None:
    assert next_after(parse_digest(text), "UTC", now) == expected


def test_the_zone_is_that_of_the_owner_unless_the_digest_has_its_own() -> None:
    now = at("2026-11-30 00:00")
    assert next_after(parse_digest("daily 08:00"), BERLIN, now) == at("2026-11-30 07:00")
    assert next_after(parse_digest("daily 08:00 America/New_York"), BERLIN, now) == at("2026-11-30 13:00")


def test_a_time_that_the_clocks_leave_out_is_an_hour_later_by_them() -> None:
    digest = parse_digest("daily 02:30")
    missing = next_after(digest, BERLIN, at("2027-03-27 12:00"))
    assert missing == at("2027-03-28 01:30"), "03:30 there"
    assert missing.astimezone(ZoneInfo(BERLIN)).strftime("%H:%M") == "03:30"
    assert next_after(digest, BERLIN, missing) == at("2027-03-29 00:30"), "once that day"
    assert next_after(digest, NEW_YORK, at("2027-03-13 12:00")) == at("2027-03-14 07:30")


def test_a_time_that_comes_twice_counts_the_first_time_alone() -> None:
    digest = parse_digest("daily 02:30")
    first = next_after(digest, BERLIN, at("2027-10-30 12:00"))
    assert first == at("2027-10-31 00:30")
    assert next_after(digest, BERLIN, first + timedelta(minutes=30)) == at("2027-11-01 01:30")
    assert next_after(parse_digest("daily 01:30"), NEW_YORK, at("2026-11-01 05:00")) == at("2026-11-01 05:30")


@pytest.mark.parametrize("text", ["daily 02:30", "daily 08:00", "daily 00:00", "weekly Sun 02:30"])
@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_over_a_year_there_is_one_for_each_day_or_week(text: str, zone: str) -> None:
    digest, place, moment, end = parse_digest(text), ZoneInfo(zone), at("2027-01-01 12:00"), at("2028-03-02 12:00")
    moments = []
    while (moment := next_after(digest, zone, moment)) < end:
        moments.append(moment)
    days = [one.astimezone(place).date() for one in moments]
    step = timedelta(days=7 if digest.every == "week" else 1)
    assert {later - earlier for earlier, later in pairwise(days)} == {step}
    late = [one for one in moments if one.astimezone(place).time() != digest.at]
    spring = {BERLIN: at("2027-03-28 01:30"), NEW_YORK: at("2027-03-14 07:30")}[zone]
    assert late == ([spring] if "02:30" in text else []), "only where the clocks leave that time out"


def test_each_hour_of_a_day_with_25_of_them_has_its_own() -> None:
    moment, count = at("2027-10-30 22:00"), 0
    while (moment := next_after(parse_digest("hourly"), BERLIN, moment)) <= at("2027-10-31 23:00"):
        count += 1
    assert count == 25
