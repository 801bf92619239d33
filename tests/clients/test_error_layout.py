"""What is wrong with a submission is shown in one way, by the gateway's page and by counterfoil.js."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browsing import patience_ms
from support.hosted import hosted

FORMS = """
[forms.order]
title = "Order"
fields.name = {type = "text", required = true, max_length = 200, label = "Name"}
fields."e mail" = {type = "email", required = true, help = "We answer to it.", label = "Email"}
fields.size = {type = "choice", choices = ["S", "M"], required = true, label = "Size"}
fields.topics = {type = "list", choices = ["Question", "Praise"], required = true, label = "Topics"}
fields.agree = {type = "boolean", required = true, label = "I agree"}
fields.message = {type = "text", max_length = 5000, required = true, label = "Message"}
"""
PHONE = {"width": 390, "height": 844}
SHOWN = """() => {
  const words = (all) => [...document.querySelectorAll(all)].map((one) => one.textContent.trim());
  const ids = [...document.querySelectorAll(".counterfoil-errors a")].map((link) => link.getAttribute("href").slice(1));
  return {
    top: document.querySelector("form").firstElementChild.className,
    summary: words(".counterfoil-errors p, .counterfoil-errors li"),
    leads_to: ids.map((id) => document.getElementById(id).name),
    beside: words(".counterfoil-error"),
    before: [...document.querySelectorAll(".counterfoil-error")].map(({ nextElementSibling: next }) => next.outerHTML
      .replace(/ aria-[a-z]+="[^"]*"/g, "")),
    described: [...document.querySelectorAll("[aria-describedby*=error]")].map((one) =>
      one.getAttribute("aria-describedby").split(" ").map((id) => document.getElementById(id).textContent)),
  };
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with hosted(tmp_path_factory.mktemp("hosted"), definitions=FORMS) as (_, url):
        yield f"{url}/f/order"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    context.set_default_timeout(patience_ms())
    yield context.new_page()
    context.close()


def refuse(page: Page, address: str, *, by_script: bool) -> None:
    """Send nothing that the form takes, by counterfoil.js or as a page without it does."""
    page.goto(address)
    page.locator("form").evaluate("form => form.noValidate = true")
    if not by_script:
        page.locator("form").evaluate("form => form.removeAttribute('data-counterfoil')")
    page.get_by_role("button").click()
    expect(page.locator(".counterfoil-errors")).to_be_visible()


def test_it_is_the_same_with_and_without_script(page: Page, address: str) -> None:
    found: list[dict[str, Any]] = []
    for by_script in (True, False):
        refuse(page, address, by_script=by_script)
        found.append(page.evaluate(SHOWN))
    scripted, plain = found
    assert plain["top"] == "counterfoil-errors"
    assert plain["summary"][0] == "6 fields need your attention."
    assert plain["summary"][1:] == plain["beside"]
    assert plain["leads_to"] == ["name", "e mail", "size", "topics", "agree", "message"]
    assert ["We answer to it.", "Please fill in Email."] in plain["described"]
    for part in ("top", "summary", "leads_to", "beside", "before", "described"):
        assert scripted[part] == plain[part], part


@pytest.mark.parametrize("by_script", [True, False])
def test_the_count_goes_down_as_fields_are_mended(page: Page, address: str, by_script: bool) -> None:
    refuse(page, address, by_script=by_script)
    summary = page.locator(".counterfoil-errors")
    expect(summary).to_be_in_viewport()
    expect(summary).to_be_focused()
    page.get_by_label("Name").fill("Ada")
    expect(summary.locator("p")).to_have_text("5 fields need your attention.")
    expect(summary.get_by_role("link")).to_have_count(5)
    expect(page.get_by_label("Name")).not_to_have_attribute("aria-invalid", "true")
    page.get_by_label("Praise").check()
    page.get_by_label("Size").select_option("M")
    page.get_by_label("I agree").check()
    page.get_by_label("Message").fill("Hello")
    expect(summary.locator("p")).to_have_text("1 field needs your attention.")
    summary.get_by_role("link").click()
    email = page.get_by_label("Email")
    expect(email).to_be_focused()
    expect(email).to_be_in_viewport()
    expect(page.locator(".counterfoil-error")).to_be_in_viewport()
    expect(page.locator("[aria-invalid]")).to_have_count(1)
    email.fill("ada@example.org")
    expect(page.locator(".counterfoil-errors, .counterfoil-error, [aria-invalid]")).to_have_count(0)
    expect(email).to_have_accessible_description("We answer to it.")
    expect(page.locator("#state")).to_have_text("")
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", name="Accepted")).to_be_visible()


def test_without_script_the_summary_is_in_view_and_its_links_lead_to_the_fields(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_content(f'<form action="{address}" method="post"><input name="name"><button>Send</button></form>')
    page.get_by_role("button").click()
    expect(page.locator(".counterfoil-errors")).to_be_in_viewport()
    page.get_by_role("link", name="Please fill in Message.").click()
    expect(page.get_by_label("Message")).to_be_in_viewport()
    page.keyboard.type("Hello")
    expect(page.get_by_label("Message")).to_have_value("Hello")
    context.close()
