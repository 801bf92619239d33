"""The button's page and the receipt that waits for it, by axe-core, on a phone, light and dark, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browsing import wrong_with
from support.gateway_app import Gateway, Receipts
from support.hosted import hosted
from support.opt_in import FORMS, LINK, SOON, WAITING, link_path, stored
from support.receipts import SENT, path_of

LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 2
FITS = "document.documentElement.scrollWidth <= innerWidth"
OUTCOMES = [
    ("waiting", LINK, stored()),
    ("used", LINK, stored("confirmed")),
    ("expired", replace(LINK, expires_at=SOON), stored()),
    ("erased", LINK, stored(None, stored_at=None, erased_at=SOON.isoformat())),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, str]]:
    forms = FORMS.replace('title = "Sign up"', f'title = "\U0001f39f {LONG}"')
    with hosted(tmp_path_factory.mktemp("hosted"), definitions=forms, clock=lambda: SOON) as served:
        yield served


@pytest.fixture(params=[("light", "en-GB"), ("dark", "de-DE")], ids=["light", "dark and German"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    scheme: Literal["light", "dark"] = request.param[0]
    # the policy of the pages is bypassed for the checker's own script
    small = {"width": 360, "height": 640}
    context = browser.new_context(bypass_csp=True, color_scheme=scheme, locale=request.param[1], viewport=small)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(("outcome", "link", "known"), OUTCOMES, ids=[row[0] for row in OUTCOMES])
def test_the_page_of_the_button_is_open_to_everybody(
    served: tuple[Gateway, str], page: Page, outcome: str, link: Any, known: dict[str, Any]
) -> None:
    gateway, url = served
    Receipts(known).serve(gateway.broker)
    page.goto(url + link_path(link))
    expect(page.locator("#opt-in")).to_have_attribute("data-outcome", outcome)
    assert wrong_with(page) == []
    assert page.evaluate(FITS)
    if outcome == "waiting":
        page.keyboard.press("Tab")
        expect(page.get_by_role("button")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#opt-in")).to_have_attribute("data-outcome", "thanks")
        assert wrong_with(page) == []


@pytest.mark.parametrize(
    ("known", "sent", "query"),
    [
        (stored(), SENT, ""),
        (stored(), SENT, "?mail=sent&left=1"),
        (stored(), SENT | {"state": "failed"}, "?mail=limit"),
        (stored("expired"), SENT, ""),
        (stored("confirmed"), SENT, ""),
    ],
)
def test_a_receipt_that_waits_is(
    served: tuple[Gateway, str], page: Page, known: dict[str, Any], sent: dict[str, Any], query: str
) -> None:
    gateway, url = served
    Receipts(known, [sent]).serve(gateway.broker)
    page.goto(url + path_of(WAITING) + query)
    assert wrong_with(page) == []
    assert page.evaluate(FITS)
