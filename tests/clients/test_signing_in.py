"""Signing in to the console through the gateway, in a browser: by a passkey, and at a provider of single sign-on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from dev.broker import Broker
from dev.mail_sink import MailSink
from dev.processes import free_port
from shared import database
from storage_service.accounts.accounts import accounts_of
from storage_service.accounts.roles import Grant
from support.browsing import complaints_of
from support.console_pages import BY, PASSWORD
from support.installation import Installation
from support.oidc_provider import OidcProvider

ADA = "ada@example.org"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """A provider that lets people back to `http://localhost` at a port that is free now."""
    url = f"http://localhost:{free_port()}"
    with OidcProvider(tmp_path_factory.mktemp("provider"), f"{url}/console/sign-in/oidc/callback") as running:
        yield running


@pytest.fixture(scope="module")
def console(
    server_directory: Path, rabbitmq: Broker, client_sink: MailSink, provider: OidcProvider
) -> Iterator[Installation]:
    """An installation at the name `localhost`: browsers make passkeys for names alone."""
    url = provider.redirect_uri.partition("/console")[0]
    installation = Installation(
        server_directory / "signing-in",
        consoles=1,
        broker_url=rabbitmq.fresh_vhost(),
        smtp_url=client_sink.url,
        special={
            "gateway": {"COUNTERFOIL_BIND": f"127.0.0.1:{url.rpartition(':')[2]}"},
            "console": {"COUNTERFOIL_PUBLIC_URL": url, **provider.settings},
        },
    )
    installation.gateway_url = url
    with installation:
        engine = database.create(installation.database_urls["storage"])
        accounts = accounts_of(engine)
        owner = accounts.users.add(ADA, [Grant("owner")], BY)
        accounts.passwords.set(owner.id, PASSWORD, BY)
        engine.dispose()
        yield installation


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def a_device(page: Page) -> tuple[CDPSession, str]:
    """Give the browser a device that makes passkeys, and knows whose finger is on it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options: dict[str, Any] = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, str(made["authenticatorId"])


def sign_in_by_password(page: Page, console: Installation) -> None:
    page.goto(f"{console.gateway_url}/console/account")
    page.get_by_label("Mail address").fill(ADA)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Account")).to_be_visible()


def test_a_passkey_is_made_and_signs_in_with_an_address_typed_or_none(page: Page, console: Installation) -> None:
    complaints = complaints_of(page)
    device, key = a_device(page)
    sign_in_by_password(page, console)
    page.get_by_label("What to call it").fill("Ada's laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("The passkey is added")).to_be_visible()
    expect(page.locator("#passkeys").get_by_text("Ada's laptop")).to_be_visible()
    for typed in ("", "somebody.else@example.org"):
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.goto(f"{console.gateway_url}/console/account")
        page.get_by_label("Mail address").fill(typed)
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_role("heading", name="Account")).to_be_visible()
        expect(page.get_by_text("by passkey").first).to_be_visible()
    (kept,) = device.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    assert (kept["isResidentCredential"], kept["rpId"], kept["signCount"]) == (True, "localhost", 3)
    assert complaints == []


def test_what_a_device_refuses_is_said_and_the_page_stays(page: Page, console: Installation) -> None:
    device, key = a_device(page)
    page.goto(f"{console.gateway_url}/console/sign-in")
    page.get_by_label("Mail address").fill(ADA)
    device.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("Please try again")
    expect(page.get_by_label("Mail address")).to_have_value(ADA)


def test_without_scripts_there_is_no_passkey_and_the_other_ways_go(browser: Browser, console: Installation) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{console.gateway_url}/console/sign-in")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    expect(page.get_by_role("link", name="Sign in at 127.0.0.1")).to_be_visible()
    sign_in_by_password(page, console)
    expect(page.get_by_text("a browser is needed that has passkeys")).to_be_visible()
    context.close()


def test_at_the_provider_and_back_to_where_one_was_going(
    page: Page, console: Installation, provider: OidcProvider
) -> None:
    provider.know({"a-subject": {"email": ADA, "email_verified": True}})
    page.goto(f"{console.gateway_url}/console/account")
    page.get_by_role("link", name="Sign in at 127.0.0.1").click()
    page.get_by_label("Who are you?").fill("a-subject")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Account")).to_be_visible()
    expect(page.get_by_text("by single sign-on").first).to_be_visible()
    names = {one["name"]: one for one in page.context.cookies(f"{console.gateway_url}/console")}
    assert names["counterfoil"]["httpOnly"]
    assert (names["counterfoil"]["path"], names["counterfoil"]["sameSite"]) == ("/console", "Lax")


def test_whoever_cancels_there_is_told_and_may_try_again(
    page: Page, console: Installation, provider: OidcProvider
) -> None:
    page.goto(f"{console.gateway_url}/console/sign-in")
    page.get_by_role("link", name="Sign in at 127.0.0.1").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("did not let you in")).to_be_visible()
    page.get_by_role("link", name="Back to signing in").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
