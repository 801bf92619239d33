"""The gateway's page of a form with every type: by the keyboard alone, with JavaScript and without, well described."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browsing import patience_ms
from support.installation import Installation
from support.owner import Owner

WIDE = "用户@例え.jp"


@pytest.fixture(params=[True, False], ids=["javascript", "no javascript"])
def page(request: pytest.FixtureRequest, browser: Browser, installation: Installation) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=request.param)
    context.set_default_timeout(patience_ms())
    page = context.new_page()
    page.goto(f"{installation.gateway_url}/f/every")
    yield page
    context.close()


def type_by_keyboard(page: Page, email: str) -> None:
    """Fill in every field, with nothing but the keyboard, and send."""
    page.locator("[name=name]").focus()
    for text in ("Łucja 山田", email, "AB123", "3", "2.5", "11232026", "https://例え.jp/ü", "+44 20 7946 0000"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
        if text == "11232026":
            page.keyboard.press("Tab")  # past the date's calendar
    page.keyboard.type("Fish")
    for key in ("Tab", "Tab", "Space", "Tab"):
        page.keyboard.press(key)
    for text in ("One", "Two", ""):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.type("Ten characters,\nand more.")
    for key in ("Tab", "Space", "Tab", "Enter"):
        page.keyboard.press(key)


def test_the_keyboard_is_enough(page: Page, owner: Owner, request: pytest.FixtureRequest) -> None:
    email = f"{request.node.callspec.id.replace(' ', '.')}.{WIDE}"
    type_by_keyboard(page, email)
    expect(page).to_have_url(re.compile("/receipts/"))
    stored = owner.await_stored("every", email)
    assert stored | {"message": stored["message"].replace("\r\n", "\n")} == {
        "name": "Łucja 山田",
        "email": email,
        "code": "AB123",
        "guests": 3,
        "share": 2.5,
        "day": "2026-11-23",
        "website": "https://例え.jp/ü",
        "phone": "+44 20 7946 0000",
        "meal": "Fish  and chips",
        "allergies": ["Milk"],
        "songs": ["One", "Two"],
        "message": "Ten characters,\nand more.",
        "terms": True,
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "ab1"),
        ("guests", "11"),
        ("guests", "1.5"),
        ("share", "-1"),
        ("day", "2026-11-21"),
        ("website", "example"),
    ],
)
def test_a_browser_finds_what_is_wrong_before_anything_is_sent(
    browser: Browser, installation: Installation, field: str, value: str
) -> None:
    page = browser.new_page()
    page.goto(f"{installation.gateway_url}/f/every")
    page.locator(f"[name={field}]").fill(value)
    assert not page.locator(f"[name={field}]").evaluate("input => input.checkValidity()")
    page.close()


def test_help_and_errors_are_read_with_their_field(page: Page) -> None:
    page.locator("[name=name]").fill(" ")  # which a browser takes for something
    page.locator("[name=email]").fill("nobody")
    page.get_by_label("Meal").select_option("Meat")
    page.get_by_label("Terms").check()
    page.get_by_role("button").click()
    expect(page.get_by_text("2 fields need your attention.")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_accessible_description("As on the card. Please fill in Name.")
    expect(page.get_by_label("Email")).to_have_accessible_description(re.compile("must be an email address"))
    expect(page.get_by_role("group", name="Allergies (optional)")).to_have_accessible_description("All of them.")
    expect(page.get_by_label("Terms")).to_be_checked()


def test_a_list_of_the_errors_leads_to_their_fields(page: Page) -> None:
    for name, value in {"name": " ", "email": "nobody"}.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("form").evaluate("form => form.noValidate = true")
    page.locator("form").evaluate("form => HTMLFormElement.prototype.submit.call(form)")  # past counterfoil.js
    page.get_by_role("alert").get_by_role("link", name="Email must be").press("Enter")
    expect(page.locator("[name=email]:target")).to_have_count(1)
