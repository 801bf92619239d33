"""The page that the gateway itself serves for a form, in a browser: it uses counterfoil.js where there are scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browsing import complaints_of
from support.installation import Installation
from support.owner import Owner
from support.site import Site
from support.typing_in import fill_in


@pytest.fixture(params=[True, False], ids=["script-on", "script-off"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=request.param)
    yield context.new_page()
    context.close()


def test_a_mistake_is_mended_and_the_receipt_follows(page: Page, installation: Installation, owner: Owner) -> None:
    complaints = complaints_of(page)
    page.goto(f"{installation.gateway_url}/f/contact")
    page.get_by_label("Praise").check()
    fill_in(page, "ada@nowhere", message="Kept")
    page.get_by_role("button").click()
    email = page.locator("form [name=email]")
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Praise")).to_be_checked()
    address = f"hosted+{page.evaluate('String(document.forms[0].dataset.then)')}@example.org"
    email.fill(address)
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", name="Accepted")).to_be_visible()
    stored = owner.await_stored("contact", address)
    assert (stored["topic"], stored["message"]) == (["Praise"], "Kept")
    assert [text for text in complaints if "422" not in text] == []


def test_the_redirect_of_the_form_is_taken(page: Page, installation: Installation, site: Site) -> None:
    site.put("/thank-you", "<h1>Thanks</h1>")
    page.goto(f"{installation.gateway_url}/f/netlify")
    fill_in(page, "ada@example.org")
    page.get_by_role("button").click()
    page.wait_for_url(f"{site.origin}/thank-you")
