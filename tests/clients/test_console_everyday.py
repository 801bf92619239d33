"""Five everyday tasks from the inbox, by mouse: how many clicks each takes. What is typed is no click."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.owned import Owned

MOST = {
    "find a name": 1,
    "all that failed this week": 1,
    "export a month": 3,
    "hand one to a colleague": 4,
    "answer one": 2,
}
"""More than that, and somebody has made it longer."""

_COUNT = """
addEventListener("click", (event) => {
  if (event.isTrusted && event.detail > 0) sessionStorage.clicks = Number(sessionStorage.clicks || 0) + 1;
}, true);
"""


@pytest.fixture
def page(owned: Owned) -> Iterator[Page]:
    context = owned.context(viewport={"width": 1280, "height": 860}, accept_downloads=True)
    context.add_init_script(_COUNT)
    page = context.new_page()
    page.goto(f"{owned.url}/console/inbox")
    yield page
    context.close()


CHOICE = 2
"""Clicks of a list to choose from: Chromium's own window, which no page hears of."""


def clicks(page: Page) -> int:
    return int(page.evaluate("sessionStorage.clicks || 0"))


def told(task: str, count: int) -> None:
    print(f"{task}: {count} {'click' if count == 1 else 'clicks'}")
    assert 0 < count <= MOST[task]


def search(page: Page, line: str) -> None:
    box = page.locator("#q")
    box.click()
    box.fill(line)
    box.press("Enter")


def rows(page: Page) -> list[str]:
    return page.locator("a[data-row]").all_inner_texts()


def test_a_name_is_found(page: Page) -> None:
    search(page, "somerville")
    expect(page.locator("a[data-row]").first).to_be_visible()
    assert all("Somerville" in row for row in rows(page))
    told("find a name", clicks(page))


def test_all_that_failed_this_week_are_seen(page: Page) -> None:
    search(page, "is:failed last:7d")
    expect(page.locator("a[data-row]")).to_have_count(1)
    told("all that failed this week", clicks(page))


def test_a_month_is_exported(page: Page, tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    until, since = today + timedelta(days=1), today - timedelta(days=31)
    search(page, f"after:{since} before:{until}")
    page.get_by_role("link", name="Export").click()
    with page.expect_download() as started:
        page.locator("main").get_by_role("button").last.click()
    file = tmp_path / started.value.suggested_filename
    started.value.save_as(file)
    assert file.stat().st_size > 10_000, "it has the rows of a month"
    told("export a month", clicks(page))


def test_one_is_handed_to_a_colleague(page: Page, owned: Owned) -> None:
    page.locator("a[data-row]").first.click()
    page.wait_for_url("**/console/submissions/**")
    page.get_by_label("Assignee").select_option(owned.colleague)
    page.get_by_role("button", name="Give it to them").click()
    expect(page.get_by_text(f"gave it to {owned.colleague}")).to_be_visible()
    told("hand one to a colleague", clicks(page) + CHOICE)


def test_one_is_answered(page: Page) -> None:
    page.locator("a[data-row]").first.click()
    page.wait_for_url("**/console/submissions/**")
    page.get_by_role("button", name="Reply").click()
    expect(page.get_by_text("Your reply is noted")).to_be_visible()
    expect(page.locator("a[href^='mailto:']").first).to_be_visible()
    told("answer one", clicks(page))
