"""Moments, sizes and attributes as pages show them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from shared.forms import size_text
from storage_service.console.pages.frame.moments import ago, exact, filters, words, zone_of
from storage_service.console.pages.frame.renderer import attributes

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("before_s", "said"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (3599, "59 minutes ago"),
        (3600, "1 hour ago"),
        (86_399, "23 hours ago"),
        (86_400, "1 day ago"),
        (6 * 86_400 + 86_399, "6 days ago"),
        (7 * 86_400, "22 Nov"),
        (400 * 86_400, "25 Oct 2025"),
        (-30, "in a moment"),
        (-3600, "in 1 hour"),
    ],
)
def test_how_long_ago(before_s: int, said: str) -> None:
    assert words(NOW - timedelta(seconds=before_s), NOW) == said


def test_the_exact_moment_stands_behind_it_in_the_readers_zone() -> None:
    moment = datetime(2026, 1, 5, 23, 30, 9, tzinfo=UTC)
    assert exact(moment, BERLIN) == "6 January 2026, 00:30:09 CET"
    assert ago(moment, NOW, BERLIN) == Markup(
        '<time datetime="2026-01-05T23:30:09Z" title="6 January 2026, 00:30:09 CET">6 Jan</time>'
    )


@pytest.mark.parametrize("name", [None, "", "Nowhere/Atall", "../etc/passwd", "\0", "/etc/localtime", "x" * 500])
def test_a_zone_that_is_none_is_utc(name: str | None) -> None:
    assert zone_of(name) is UTC


def test_sizes_are_those_of_mails_and_forms() -> None:
    assert filters(lambda: NOW, lambda: UTC)["size"] is size_text


def test_attributes() -> None:
    given = {"hx_get": "/console/inbox?a=1&b=2", "required": True, "hidden": False, "value": None, "title": '"<b>'}
    written = attributes(given)
    assert written == Markup(' hx-get="/console/inbox?a=1&amp;b=2" required title="&#34;&lt;b&gt;"')
