"""Forms, deliveries and parked messages in Chromium: a test of a form goes the whole way, what failed is sent again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from dev.broker import Broker
from support.browsing import wrong_with
from support.owned import Owned, an_owned

PHONE = {"width": 390, "height": 844}
PAGES = ["/console/forms", "/console/forms/signup", "/console/deliveries", "/console/parked"]


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory, rabbitmq: Broker, browser: Browser) -> Iterator[Owned]:
    with an_owned(tmp_path_factory.mktemp("forms") / "one", rabbitmq.fresh_vhost(), browser) as made:
        yield made


@pytest.fixture
def page(owned: Owned) -> Iterator[Page]:
    page = owned.page("/console/forms")
    yield page
    page.context.close()


def test_a_test_of_a_form_is_sent_stored_labelled_and_found(owned: Owned, page: Page) -> None:
    page.locator('.card h2 a[href="/console/forms/signup"]').click()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("The test was taken and stored.")).to_be_visible()
    page.get_by_role("link", name="Look at it").click()
    page.wait_for_url("**/console/submissions/**")
    expect(page.locator("main")).to_contain_text("TEST")
    page.goto(f"{owned.url}/console/inbox?q=label:test")
    expect(page.locator("#listing .row")).to_have_count(1)


def test_the_days_of_a_chart_stand_in_a_table_too(page: Page) -> None:
    page.locator('.card h2 a[href="/console/forms/signup"]').click()
    expect(page.locator(".large svg")).to_have_role("img")
    page.get_by_text("as a table").click()
    expect(page.locator(".days tbody tr")).to_have_count(30)


def test_what_failed_is_sent_again_by_a_button_and_leaves_the_list(owned: Owned) -> None:
    page = owned.page("/console/deliveries")
    rows = page.locator(".deliveries > li")
    before = rows.count()
    assert before, "the installation has mails that failed"
    rows.first.get_by_role("button").click()
    expect(page.locator("#notices")).to_contain_text("It will be sent again.")
    expect(rows).to_have_count(before - 1)
    page.context.close()


def test_all_on_the_page_are_ticked_at_once_and_scripts_are_not_needed(owned: Owned) -> None:
    page = owned.page("/console/deliveries?state=held")
    boxes = page.locator('input[name="delivery"]')
    assert boxes.count()
    page.get_by_label("All on this page").check()
    assert all(box.is_checked() for box in boxes.all())
    page.context.close()
    plain = owned.page("/console/deliveries?state=held", java_script_enabled=False)
    expect(plain.get_by_label("All on this page")).to_be_hidden()
    plain.get_by_role("button", name="Send all").click()
    expect(plain.get_by_role("heading", name="Send all of it again?")).to_be_visible()
    plain.get_by_role("button", name="Send all again").click()
    plain.wait_for_url("**/console/jobs/**")
    plain.context.close()


@pytest.mark.parametrize("path", PAGES)
def test_anybody_can_use_the_pages(owned: Owned, path: str) -> None:
    for screen in ({}, {"viewport": PHONE}, {"color_scheme": "dark"}):
        page = owned.page(path, **screen)
        assert wrong_with(page) == [], screen
        page.context.close()
