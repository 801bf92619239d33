"""The console by the keyboard alone: everything can be reached and used, and one sees where one is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from support.browsing import EMAIL, PASSWORD
from support.owned import Owned
from support.pictures.shots import of_owners

MOST = 400
"""Steps of Tab after which a page that does not come round is a trap."""

_REACHABLE = """() => [...document.querySelectorAll(
  "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled)
  .filter((one) => one.type !== "radio" || one.checked || !document.querySelector(`[name="${one.name}"]:checked`))
  .map((one, number) => one.dataset.reached = String(number)).length"""
_FOCUSED = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect();
  const shows = (each) => getComputedStyle(each).outlineStyle !== "none" || getComputedStyle(each).boxShadow !== "none";
  return [one.dataset.reached ?? null, shows(one) || [...document.querySelectorAll(":focus-within")].some(shows),
    box.bottom > 0 && box.top < innerHeight]}"""


@pytest.fixture
def page(owned: Owned) -> Iterator[Page]:
    context = owned.context(viewport={"width": 1280, "height": 860})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", [shot.path for shot in of_owners()])
def test_tab_reaches_all_and_one_sees_where_one_is(owned: Owned, page: Page, path: str) -> None:
    page.goto(owned.url + path)
    expected = page.evaluate(_REACHABLE)
    assert expected > 0
    page.evaluate("document.activeElement.blur()")
    reached: set[str] = set()
    for _ in range(MOST):
        page.keyboard.press("Tab")
        number, is_seen, is_on_screen = page.evaluate(_FOCUSED)
        if number in reached:
            break
        if number is not None:
            assert is_seen, f"no outline: {page.evaluate('document.activeElement.outerHTML')}"
            assert is_on_screen, f"off the screen: {page.evaluate('document.activeElement.outerHTML')}"
            reached.add(number)
    left = [
        page.locator(f"[data-reached='{n}']").evaluate("one => one.outerHTML")
        for n in range(expected)
        if str(n) not in reached
    ]
    assert left == []


def test_one_signs_in_searches_opens_notes_and_goes_back_without_a_mouse(owned: Owned) -> None:
    context = owned.browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.goto(f"{owned.url}/console/inbox")
    page.get_by_label("Mail address").focus()
    page.keyboard.type(EMAIL)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#q")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("course form:contact label:urgent")
    page.keyboard.press("Enter")
    expect(page.locator("main a[href*='/console/submissions/']")).to_have_count(1)
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/submissions/**")
    page.keyboard.press("n")
    page.keyboard.type("by keys alone")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("by keys alone").first).to_be_visible()
    page.go_back()
    context.close()
