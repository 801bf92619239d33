"""What came in the last days, by form and by the reader's day, on both databases: as counted by hand, by an index."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from bench.many_submissions import fill
from storage_service.records import Counting
from storage_service.records.overview import Overview
from storage_service.records.recent import DAYS, RecentCounts, bounds_of
from support.events import an_event
from support.plans import plans_of, scans_in
from support.submission_databases import migrated, store

NOW = datetime(2026, 10, 26, 21, 30, tzinfo=UTC)
"""Summer time ended the day before, in Europe."""

ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Kiritimati", "America/Los_Angeles"]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.mark.parametrize("zone", ZONES)
def test_each_day_has_what_was_accepted_on_it(engine: Engine, zone: str) -> None:
    chance = random.Random(zone)  # noqa: S311
    moments = [NOW - timedelta(minutes=chance.randrange(-60, 45 * 24 * 60)) for _ in range(600)]
    made = [
        replace(
            an_event(form=chance.choice(["signup", "contact"]), n=number),
            accepted_at=moment,
            spam="honeypot" if number % 20 == 0 else None,
        )
        for number, moment in enumerate(moments)
    ]
    store(engine, *made)
    bounds = bounds_of(NOW, ZoneInfo(zone))
    recent = RecentCounts(engine).of(["signup", "contact", "nothing"], bounds)
    for form in ("signup", "contact", "nothing"):
        by_hand = Counter(
            one.accepted_at.astimezone(ZoneInfo(zone)).date() for one in made if one.form == form and one.spam is None
        )
        days = recent[form]
        assert len(days) == DAYS
        assert {one.day: one.n for one in days} == {one.day: by_hand[one.day] for one in days}


def test_a_clock_that_is_ahead_breaks_nothing(engine: Engine) -> None:
    store(engine, replace(an_event(), accepted_at=NOW + timedelta(days=400)))
    days = RecentCounts(engine).of(["signup"], bounds_of(NOW, UTC))["signup"]
    assert sum(one.n for one in days) == 0


def test_a_name_with_anything_in_it_is_counted(engine: Engine) -> None:
    name = "a'\"; DROP <b>"
    store(engine, replace(an_event(form=name), accepted_at=NOW))
    found = Overview.of(engine, lambda: NOW).now(UTC)
    assert found.forms[name].all == 1
    assert found.days[name][-1].n == 1


def test_an_index_finds_them(engine: Engine) -> None:
    fill(engine, 20_000)
    now = datetime(2026, 1, 1, 6, tzinfo=UTC)
    forms = Counting(engine).by_form(None)
    plans = plans_of(engine, lambda: RecentCounts(engine).of(forms, bounds_of(now, UTC)))
    assert len(plans) == 1
    assert not scans_in(engine, plans)
    assert "submissions_by_form" in plans[0]
