"""The start page: what it offers to be copied is a page that works as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from support.gateway_app import Gateway
from support.hosted import hosted


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, str]]:
    with hosted(tmp_path_factory.mktemp("hosted")) as served:
        yield served


def test_what_is_copied_saved_and_opened_submits(served: tuple[Gateway, str], browser: Browser, tmp_path: Path) -> None:
    gateway, url = served
    context = browser.new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
    page = context.new_page()
    page.goto(url)
    ticket = page.locator("article", has=page.get_by_role("heading", name="Sign up"))
    ticket.get_by_role("button", name="Copy").first.click()
    expect(ticket.get_by_role("button", name="Copied")).to_be_visible()
    saved = tmp_path / "sign-up.html"
    saved.write_text(page.evaluate("navigator.clipboard.readText()"))
    page.goto(saved.as_uri())
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("Email").fill("copied@example.org")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "accepted")
    assert [event.fields["email"] for event in gateway.published()] == ["copied@example.org"]
    context.close()


def test_without_script_a_click_selects_it_whole(served: tuple[Gateway, str], browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served[1])
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    code = page.locator("pre code").first
    code.click()
    selected = page.evaluate("String(getSelection())")
    assert selected.strip() == (code.text_content() or "").strip()
    context.close()
