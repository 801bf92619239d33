"""The page of one submission in a browser: two tabs, the back button, a session that ends within a note, keys."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import Engine

from dev.broker import Broker
from dev.mail_sink import MailSink
from shared import database
from storage_service.accounts.accounts import accounts_of
from storage_service.accounts.asker import Asker
from storage_service.accounts.roles import Grant
from storage_service.records import Records
from support.browsing import patience_ms
from support.installation import Installation
from support.polling import eventually

PASSWORD = "three brave words of a test"
BY = Asker("the tests", frozenset())
Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def installation(server_directory: Path, rabbitmq: Broker, client_sink: MailSink) -> Iterator[Installation]:
    """An installation whose one form takes any fields."""
    place = server_directory / "console-submission"
    place.mkdir()
    forms = place / "forms.toml"
    forms.write_text('[forms.contact]\ntitle = "Contact"\nconfirmation.enabled = false\n', encoding="utf-8")
    with Installation(
        place, consoles=1, broker_url=rabbitmq.fresh_vhost(), smtp_url=client_sink.url, forms=forms
    ) as made:
        yield made


@pytest.fixture(scope="module")
def engine(installation: Installation) -> Iterator[Engine]:
    made = database.create(installation.database_urls["storage"])
    yield made
    made.dispose()


@pytest.fixture
def email(engine: Engine) -> str:
    """The address of a new owner, who has a password."""
    accounts, address = accounts_of(engine), f"ada-{secrets.token_hex(4)}@example.org"
    user = accounts.users.add(address, [Grant("owner")], BY)
    accounts.passwords.set(user.id, PASSWORD, BY)
    return address


@pytest.fixture
def submission(installation: Installation, engine: Engine) -> UUID:
    return submitted(installation, engine)


def submitted(installation: Installation, engine: Engine, **fields: str) -> UUID:
    """Post a submission, wait until it is stored, and return its id."""
    given = {"name": "Ada Lovelace", "email": "ada@example.org", "message": "Good day", **fields}
    answer = requests.post(f"{installation.gateway_url}/f/contact", json=given, timeout=10)
    assert answer.status_code == 202, answer.text
    key = UUID(answer.json()["id"])
    eventually(lambda: Records(engine).one(key, None) is not None, 20, "it is stored")
    return key


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    made.set_default_timeout(patience_ms())
    yield made
    made.close()


@pytest.fixture
def open_page(context: BrowserContext, installation: Installation, email: str) -> Opened:
    """Sign in, and return what opens the page of a submission in a new tab."""
    sign_in(context.new_page(), installation.gateway_url, email)

    def opened(key: UUID, query: str = "?q=") -> Page:
        page = context.new_page()
        page.goto(f"{installation.gateway_url}/console/submissions/{key}{query}")
        expect(page.locator("#submission")).to_be_visible()
        return page

    return opened


def sign_in(page: Page, url: str, email: str) -> None:
    page.goto(f"{url}/console/sign-in")
    fill_in(page, email)
    page.close()


def fill_in(page: Page, email: str) -> None:
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    expect(page.locator("input[name=password]")).to_have_count(0)


def end_sessions(engine: Engine, email: str) -> None:
    accounts = accounts_of(engine)
    user = accounts.users.by_email(email)
    assert user
    accounts.sessions.end_all(user.id, BY)


def test_in_two_tabs_nothing_typed_is_lost(open_page: Opened, submission: UUID) -> None:
    first, second = open_page(submission), open_page(submission)
    first.get_by_label("Add a note").fill("I called her.")
    first.get_by_role("button", name="Add the note").click()
    expect(first.locator(".is-note")).to_contain_text("I called her.")
    expect(first.get_by_label("Add a note")).to_have_value("")
    second.get_by_label("Add a note").fill("I will call her.")
    second.get_by_role("button", name="Add the note").click()
    told = second.get_by_role("alert")
    expect(told).to_contain_text("I called her.")
    expect(told).to_contain_text("I will call her.")
    expect(second.get_by_label("Add a note")).to_have_value("I will call her.")
    second.get_by_label("Add a note").fill("I will call her, too.")
    second.get_by_role("button", name="Add it anyway").click()
    expect(second.locator(".is-note")).to_have_count(2)
    expect(second.get_by_label("Add a note")).to_have_value("")


def test_a_note_that_is_begun_outlives_the_back_button_a_reload_and_other_changes(
    open_page: Opened, submission: UUID
) -> None:
    page = open_page(submission)
    page.get_by_label("Add a note").fill("Half a no")
    page.get_by_role("button", name="Star").click()
    expect(page.get_by_role("button", name="Star")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Add a note")).to_have_value("Half a no")
    page.get_by_role("link", name="Account").click()
    page.wait_for_url("**/console/account")
    page.go_back()
    expect(page.get_by_label("Add a note")).to_have_value("Half a no")
    page.reload()
    expect(page.get_by_label("Add a note")).to_have_value("Half a no")


def test_a_session_that_ends_in_the_midst_of_a_note_loses_nothing(
    open_page: Opened, submission: UUID, engine: Engine, email: str
) -> None:
    page = open_page(submission)
    page.get_by_label("Add a note").fill("Written in the meantime.")
    end_sessions(engine, email)
    page.get_by_role("button", name="Add the note").click()
    expect(page.get_by_role("dialog")).to_contain_text("signed out")
    expect(page.get_by_label("Add a note")).to_have_value("Written in the meantime.")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in, in a new tab").click()
    fill_in(opened.value, email)
    page.get_by_role("button", name="Back to the page").click()
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator(".is-note")).to_contain_text("Written in the meantime.")


def test_without_scripts_it_is_the_same(
    browser: Browser, installation: Installation, submission: UUID, engine: Engine, email: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(patience_ms())
    sign_in(context.new_page(), installation.gateway_url, email)
    page = context.new_page()
    page.goto(f"{installation.gateway_url}/console/submissions/{submission}?q=")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("button", name="Done")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="New", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Reply").click()
    link = page.get_by_role("link", name="Open the mail program").get_attribute("href") or ""
    assert link.startswith("mailto:ada@example.org?subject=")
    page.get_by_label("Add a note").fill("Written in the meantime.")
    end_sessions(engine, email)
    page.get_by_role("button", name="Add the note").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    sign_in(context.new_page(), installation.gateway_url, email)
    page.get_by_role("button", name="Send it now").click()
    expect(page.locator(".is-note")).to_contain_text("Written in the meantime.")
    context.close()


def test_the_keyboard_does_it_all(open_page: Opened, installation: Installation, engine: Engine) -> None:
    label = secrets.token_hex(4)
    older, key, newer = (submitted(installation, engine, name=f"{label} {each}") for each in ("a", "b", "c"))
    page = open_page(key)
    page.keyboard.press("e")
    expect(page.locator("#state-done")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("e")
    expect(page.locator("#state-open")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("s")
    expect(page.locator("#star")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("n")
    expect(page.get_by_label("Add a note")).to_be_focused()
    page.keyboard.type("jkes#?")
    expect(page.get_by_label("Add a note")).to_have_value("jkes#?")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".is-note")).to_contain_text("jkes#?")
    page.keyboard.press("Escape")
    page.keyboard.press("#")
    expect(page.locator("div.spam")).to_be_visible()
    page.keyboard.press("!")
    expect(page.locator("div.spam")).to_have_count(0)
    page.keyboard.press("j")
    page.wait_for_url(f"**/{older}?q=")
    page.keyboard.press("k")
    page.wait_for_url(f"**/{key}?q=")
    page.keyboard.press("k")
    page.wait_for_url(f"**/{newer}?q=")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.get_by_label("Switch single keys off").check()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.get_by_role("dialog", name="Keys")).to_have_count(0)
    assert str(newer) in page.url


def test_the_focus_stays_where_one_works(open_page: Opened, submission: UUID) -> None:
    page = open_page(submission)
    page.get_by_role("button", name="Done").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#state-done")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#state-done")).to_be_focused()
    page.get_by_label("Labels").fill("urgent")
    page.keyboard.press("Enter")
    expect(page.locator(".labels")).to_contain_text("urgent")
    expect(page.get_by_label("Labels")).to_be_focused()
    page.get_by_role("button", name="Take off the label urgent").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".labels")).to_have_count(0)
    expect(page.locator("#standing")).to_be_focused()


def test_a_reply_opens_the_mail_program_once(open_page: Opened, submission: UUID) -> None:
    page = open_page(submission)
    page.evaluate(
        "window.opened = []; document.addEventListener('click', (event) => {"
        " const link = event.target.closest('[data-opens-mail]');"
        " if (link) { event.preventDefault(); window.opened.push(link.href); } });"
    )
    page.keyboard.press("r")
    expect(page.get_by_role("link", name="Open the mail program")).to_be_visible()
    page.wait_for_function("window.opened.length > 0")
    [link] = page.evaluate("window.opened")
    assert link.startswith("mailto:ada@example.org?subject=")
    expect(page.locator("#timeline")).to_contain_text("replied by mail")


def test_a_copy_button_copies_what_was_typed(
    browser: Browser, installation: Installation, engine: Engine, email: str
) -> None:
    key = submitted(installation, engine, message="One\n<b>two</b>\t&amp; 三")
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    sign_in(context.new_page(), installation.gateway_url, email)
    page = context.new_page()
    page.goto(f"{installation.gateway_url}/console/submissions/{key}")
    page.get_by_role("button", name="Copy: Message").click()
    expect(page.get_by_role("button", name="Copy: Message")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "One\n<b>two</b>\t&amp; 三"
    context.close()
