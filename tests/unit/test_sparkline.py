"""The chart of a form: what its path and its words say, on days of summer time too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage_service.console.pages.forms.sparkline import BAR, HEIGHT, LEAST, STEP, Sparkline
from storage_service.records.recent import DAYS, Day, bounds_of

BAR_OF_A_PATH = re.compile(rf"M(\d+) {HEIGHT}v-(\d+)h{BAR}v(\d+)z")


def a_chart(*counts: int) -> Sparkline:
    return Sparkline([Day(date(2026, 11, 1) + timedelta(days=number), n) for number, n in enumerate(counts)])


def bars(chart: Sparkline) -> dict[int, int]:
    """Return the height of each bar by its day's number; the whole path has to be made of bars."""
    found = list(BAR_OF_A_PATH.finditer(chart.path))
    assert "".join(one[0] for one in found) == chart.path
    assert all(one[2] == one[3] for one in found)
    return {int(one[1]) // STEP: int(one[2]) for one in found}


def test_the_highest_day_fills_the_height_and_others_are_in_proportion() -> None:
    assert bars(a_chart(0, 8, 4, 2)) == {1: HEIGHT, 2: HEIGHT // 2, 3: HEIGHT // 4}


def test_none_at_all_has_no_bar_and_says_so() -> None:
    chart = a_chart(*[0] * DAYS)
    assert (chart.path, chart.words) == ("", "None in the last 30 days.")


def test_one_is_seen_beside_a_million() -> None:
    assert bars(a_chart(1, 1_000_000)) == {0: LEAST, 1: HEIGHT}


def test_words_say_what_it_shows_with_numbers_for_people() -> None:
    assert a_chart(0, 1_234_567, 3).words == "1,234,570 in the last 3 days, 3 today. Most on 2 November: 1,234,567."


@given(st.lists(st.integers(0, 10**12), max_size=40))
def test_every_bar_is_within_the_chart(counts: list[int]) -> None:
    chart = a_chart(*counts)
    for place, height in bars(chart).items():
        assert counts[place] > 0
        assert LEAST <= height <= HEIGHT
        assert place * STEP + BAR <= chart.width
    assert len(bars(chart)) == sum(1 for n in counts if n)


def hours(bounds: Sequence[datetime]) -> list[float]:
    return [(later.timestamp() - earlier.timestamp()) / 3600 for earlier, later in pairwise(bounds)]


@pytest.mark.parametrize(
    ("zone", "now", "odd"),
    [
        ("Europe/Berlin", "2026-04-05T12:00+02:00", (date(2026, 3, 29), 23)),
        ("Europe/Berlin", "2026-10-25T12:00+01:00", (date(2026, 10, 25), 25)),
        ("America/Havana", "2026-03-20T12:00-04:00", (date(2026, 3, 8), 23)),  # there midnight is jumped over
        ("America/Havana", "2026-11-10T12:00-05:00", (date(2026, 11, 1), 25)),  # and midnight is twice
        ("Australia/Lord_Howe", "2026-10-10T12:00+11:00", (date(2026, 10, 4), 23.5)),
    ],
)
def test_a_day_of_summer_time_has_its_hours(zone: str, now: str, odd: tuple[date, float]) -> None:
    bounds = bounds_of(datetime.fromisoformat(now), ZoneInfo(zone))
    days = dict(zip([one.date() for one in bounds], hours(bounds), strict=False))
    assert days.pop(odd[0]) == odd[1]
    assert set(days.values()) == {24.0}


@pytest.mark.parametrize(
    "zone", ["UTC", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Marquesas", "America/St_Johns"]
)
def test_days_follow_each_other_until_today_has_ended(zone: str) -> None:
    now = datetime(2026, 11, 29, 22, 4, tzinfo=UTC)
    bounds = bounds_of(now, ZoneInfo(zone))
    days = [one.date() for one in bounds]
    assert len(days) == DAYS + 1
    assert days == [days[0] + timedelta(days=number) for number in range(DAYS + 1)]
    assert bounds[-2] <= now < bounds[-1]
    assert all(one.timestamp() % 900 == 0 for one in bounds)
