"""Settings in Chromium, with a real broker and a real mail server: somebody is invited, comes in, and loses a role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dev.mail_sink import MailSink
from notify_service.tables import MIGRATIONS as NOTIFY_MIGRATIONS
from shared import database
from storage_service.accounts.accounts import accounts_of
from storage_service.accounts.roles import Grant
from storage_service.tables import MIGRATIONS
from support.composed import bodies
from support.console_pages import BY, PASSWORD
from support.console_server import ConsoleServer
from support.polling import eventually
from support.service import ROOT, Service


@pytest.fixture
def console(tmp_path: Path, broker_url: str, mail_sink: MailSink) -> Iterator[ConsoleServer]:
    """A console and a notify service, and an owner, `ada@example.org`."""
    urls = {name: f"sqlite:///{tmp_path / name}.db" for name in ("storage", "notify")}
    for name, migrations in (("storage", MIGRATIONS), ("notify", NOTIFY_MIGRATIONS)):
        engine = database.create(urls[name])
        migrations.upgrade(engine)
        if name == "storage":
            accounts = accounts_of(engine)
            user = accounts.users.add("ada@example.org", [Grant("owner")], BY)
            accounts.passwords.set(user.id, PASSWORD, BY)
        engine.dispose()
    settings = {
        "COUNTERFOIL_BROKER_URL": broker_url,
        "COUNTERFOIL_DATABASE_URL": urls["notify"],
        "COUNTERFOIL_SMTP_URL": mail_sink.url,
        "COUNTERFOIL_FORMS": str(ROOT / "forms.example.toml"),
    }
    notify = Service("notify", "notify_service", settings, tmp_path / "notify.log")
    notify.start()
    server = ConsoleServer(tmp_path, database_url=urls["storage"], broker_url=broker_url)
    server.start(COUNTERFOIL_PUBLIC_URL=server.url)
    try:
        server.await_ready()
        yield server
    finally:
        server.kill()
        notify.kill()


@pytest.fixture
def ada(browser: Browser, console: ConsoleServer) -> Iterator[Page]:
    context = browser.new_context(base_url=console.url)
    page = context.new_page()
    page.goto("/console/sign-in")
    page.get_by_label("Mail address").fill("ada@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/console/(?!sign-in)"))
    yield page
    context.close()


def test_somebody_is_invited_by_mail_comes_in_and_loses_the_role(
    browser: Browser, ada: Page, console: ConsoleServer, mail_sink: MailSink
) -> None:
    ada.goto("/console/settings/users")
    ada.get_by_label("Mail address").fill("grace@example.org")
    ada.get_by_label("Role for all forms").select_option("viewer")
    ada.get_by_role("button", name="Invite").click()
    expect(ada.get_by_text("A mail with this link goes out")).to_be_visible()
    link = ada.locator("#made-link").inner_text()
    assert link.startswith(f"{console.url}/console/invitation/")
    eventually(lambda: len(mail_sink.messages()) == 1, 30, "the mail comes")
    [mail] = mail_sink.messages()
    assert mail["To"] == "grace@example.org"
    assert link in bodies(mail)[0]
    grace = browser.new_context().new_page()
    grace.goto(link)
    grace.locator("input[type=password]").first.fill("four other words of a test")
    grace.keyboard.press("Enter")
    grace.wait_for_url(re.compile(r"/console/(?!invitation)"))
    ada.goto("/console/settings/users")
    ada.get_by_role("link", name="grace@example.org").click()
    ada.get_by_text("End the account", exact=True).click()
    ada.get_by_role("button", name="End it").click()
    expect(ada.get_by_text("The account has ended")).to_be_visible()
    grace.goto(f"{console.url}/console/account")
    assert "/console/sign-in" in grace.url
    grace.context.close()


def test_a_key_is_made_copied_and_ended_by_the_keyboard_alone(ada: Page, console: ConsoleServer) -> None:
    ada.goto("/console/settings/keys")
    ada.get_by_label("Name", exact=True).focus()
    ada.keyboard.type("reports")
    ada.keyboard.press("Enter")
    key = ada.locator("#made-key").inner_text()
    assert console.ask("/v1/forms", key).status_code == 200
    summary = ada.locator("summary", has_text="End").first
    summary.focus()
    ada.keyboard.press("Enter")
    ada.keyboard.press("Tab")
    ada.keyboard.press("Enter")
    expect(ada.get_by_text("The key reports has ended")).to_be_visible()
    assert console.ask("/v1/forms", key).status_code == 401


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out(ada: Page, width: int) -> None:
    ada.set_viewport_size({"width": width, "height": 800})
    for path in ("users", "keys", "audit"):
        ada.goto(f"/console/settings/{path}")
        assert ada.evaluate("document.documentElement.scrollWidth") <= width, path
