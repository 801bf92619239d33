"""Spam in Chromium, against a console as it runs: the page, its buttons, and copies that are one line; by keyboard, on
a phone, light and dark, with hostile names and texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from shared import database
from storage_service.accounts.accounts import accounts_of
from storage_service.accounts.roles import Grant
from storage_service.tables import MIGRATIONS
from support.browsing import wrong_with
from support.console_pages import BY, PASSWORD
from support.console_server import ConsoleServer
from support.events import ACCEPTED_AT, an_event
from support.polling import eventually
from support.search_rows import scored
from support.spam_taught import a_model, marked
from support.submission_databases import store

HOSTILE = "<img src=x onerror=alert(1)>\u202e" + "Donaudampfschifffahrtsgesellschaft" * 4
FORMS = f"""
[forms.contact]
title = "{HOSTILE[:120]}"
spam.mode = "hold"
spam.deny_words = ["casino"]
[forms.signup]
spam.mode = "off"
"""
SCREENS: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}},
}


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory, rabbitmq: Any) -> Iterator[ConsoleServer]:
    """A console that was taught by two people, with forty copies of an offer in its list of spam."""
    place: Path = tmp_path_factory.mktemp("spam")
    (place / "forms.toml").write_text(FORMS, encoding="utf-8")
    url = f"sqlite:///{place / 'storage.db'}"
    engine = database.create(url)
    MIGRATIONS.upgrade(engine)
    accounts = accounts_of(engine)
    accounts.passwords.set(accounts.users.add("ada@example.org", [Grant("owner")], BY).id, PASSWORD, BY)
    marked(engine, "ada@example.org", good=40, spam=30)
    marked(engine, HOSTILE, good=2, spam=1)
    a_model(engine)
    a_model(engine, why=f"of 90 good ones it would have held 7 {HOSTILE}")
    text = f"{HOSTILE} Buy our wonderful watches today!"
    flood = [scored(an_event(form="contact", name=f"Robot {i}", message=text), 97) for i in range(40)]
    flood.append(scored(an_event(form="contact", name="Ada", message="Hello"), 61))
    store(engine, *(_held(one, number) for number, one in enumerate(flood)))
    engine.dispose()
    settings = {"COUNTERFOIL_FORMS": str(place / "forms.toml")}
    with ConsoleServer(place, database_url=url, broker_url=rabbitmq.fresh_vhost(), **settings) as server:
        yield server


def _held(event: Any, number: int) -> Any:
    return replace(event, spam="score", accepted_at=ACCEPTED_AT + timedelta(seconds=number))


@pytest.fixture(params=SCREENS)
def page(browser: Browser, console: ConsoleServer, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(base_url=console.url, bypass_csp=True, **SCREENS[request.param])
    page = context.new_page()
    page.goto("/console/sign-in")
    page.get_by_label("Mail address").fill("ada@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/inbox**")
    page.on("dialog", lambda dialog: pytest.fail(f"a script of a stranger ran: {dialog.message}"))
    yield page
    context.close()


def test_the_page_is_open_to_everybody(page: Page) -> None:
    page.goto("/console/spam")
    expect(page.get_by_text("It is to hold back once enough is known")).to_be_visible()
    expect(page.get_by_role("heading", name="How good it is")).to_be_visible()
    expect(page.get_by_role("img", name="Spam caught, against good ones held back")).to_be_visible()
    page.get_by_text("The same as a table").click()
    expect(page.get_by_role("rowheader", name="80")).to_be_visible()
    assert wrong_with(page) == []


def test_its_buttons_are_pressed_by_the_keyboard_alone(page: Page) -> None:
    page.goto("/console/spam")
    page.get_by_role("button", name="Train without them: ada@example.org").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Their marks are left out.")).to_be_visible()
    expect(page.get_by_text("left out", exact=True)).to_be_visible()
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Their marks count again.")).to_be_visible()
    assert wrong_with(page) == []


def is_empty(page: Page, query: str) -> bool:
    page.goto(f"/console/inbox?q={query}")
    return page.get_by_text("Nothing found").count() > 0


def test_copies_are_one_line_that_opens_and_is_ticked_as_one(page: Page) -> None:
    page.goto("/console/inbox?q=is%3Aspam")
    expect(page.get_by_text("40 with the same text")).to_have_count(1)
    expect(page.get_by_text("Robot 12", exact=True)).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(".group > .row [data-row]")).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("[data-ticked]")).to_have_text("40 ticked")
    page.get_by_text("Show all 40").click()
    expect(page.get_by_text("Robot 12", exact=True)).to_be_visible()
    assert wrong_with(page) == []
    page.get_by_role("button", name="Star", exact=True).and_(page.locator("[name=do]")).click()
    expect(page.locator("#notices")).to_contain_text("40 submissions starred.")
    with page.expect_response(lambda answer: "/undo" in answer.url):
        page.get_by_role("button", name="Undo").click()
    eventually(lambda: is_empty(page, "is%3Aspam%20is%3Astarred"), 30, "the stars are taken back")
