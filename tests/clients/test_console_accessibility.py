"""Every page of the console by WCAG 2.2 AA and axe-core's good practice: on a phone and a desk, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from support.browsing import wrong_with
from support.owned import Owned
from support.pictures.camera import DESKTOP, PHONE
from support.pictures.shots import of_owners, of_strangers

SCREENS: dict[str, dict[str, Any]] = {
    "phone": {"viewport": PHONE},
    "desk-dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "200-percent": {"viewport": {"width": 640, "height": 430}},
}
OWNERS = {shot.name: shot.path for shot in of_owners()}
STRANGERS = {shot.name: shot.path for shot in of_strangers()}
ODD = ("plain", "arabic", "hostile", "refused")


@pytest.fixture(params=SCREENS)
def screen(request: pytest.FixtureRequest) -> dict[str, Any]:
    return SCREENS[request.param]


@pytest.fixture
def page(owned: Owned, screen: dict[str, Any]) -> Iterator[Page]:
    context = owned.context(**screen)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", OWNERS)
def test_an_owners_page_is_open_to_everybody(owned: Owned, page: Page, name: str) -> None:
    page.goto(owned.url + OWNERS[name])
    assert wrong_with(page) == []


@pytest.mark.parametrize("which", ODD)
def test_a_submissions_page_is(owned: Owned, page: Page, which: str) -> None:
    page.goto(f"{owned.url}/console/submissions/{owned.ids[which]}")
    assert wrong_with(page) == []


@pytest.mark.parametrize("which", ODD)
def test_the_question_before_it_is_erased_is(owned: Owned, page: Page, which: str) -> None:
    page.goto(f"{owned.url}/console/submissions/{owned.ids[which]}/erase")
    assert wrong_with(page) == []


def test_what_is_found_of_a_person_is_and_the_question_before_it_is_erased(owned: Owned, page: Page) -> None:
    page.goto(f"{owned.url}/console/person")
    page.get_by_label("Mail addresses").fill("ada@example.org")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("heading", name="What is kept of this person").wait_for()
    assert wrong_with(page) == []
    page.get_by_role("button", name="Erase all of it").click()
    page.get_by_role("heading", name="Erase all that is kept of this person?").wait_for()
    assert wrong_with(page) == []


def test_the_question_before_many_are_erased_is(owned: Owned, page: Page) -> None:
    page.goto(f"{owned.url}/console/inbox?q=")
    page.locator("input[name=ids]").first.check()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Erase…").click()
    page.get_by_role("heading", name="Erase 1 submission?").wait_for()
    assert wrong_with(page) == []


@pytest.mark.parametrize("name", STRANGERS)
def test_a_page_for_who_is_not_signed_in_is(owned: Owned, browser: Browser, screen: dict[str, Any], name: str) -> None:
    context = browser.new_context(bypass_csp=True, **screen)
    page = context.new_page()
    page.goto(owned.url + STRANGERS[name])
    assert wrong_with(page) == []
    context.close()
