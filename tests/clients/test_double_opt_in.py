"""Double opt-in as people meet it: sign up, press the button in the mail, see the receipt turn, then the owner.

With real services, a real mail server, and Chromium: at a desk, on a phone, and without scripts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dev.mail_sink import MailSink
from support.browsing import patience_ms
from support.installation import Installation
from support.polling import eventually

OWNER = "owner@example.org"
WAITING = "Waiting for you to confirm your address"
JSON = {"Accept": "application/json"}
LINK = re.compile(r"""https?://[^\s"'<>]+""")
PHONE = {"viewport": {"width": 360, "height": 640}, "is_mobile": True, "has_touch": True, "locale": "de-DE"}
WAYS: dict[str, dict[str, Any]] = {"desk": {}, "phone": PHONE, "script-off": {"java_script_enabled": False}}
WORDS = {
    "en": ("Confirm my address", "Your address is confirmed.", "Already confirmed"),
    "de": ("Adresse bestätigen", "Ihre Adresse ist bestätigt.", "Schon bestätigt"),
}


@pytest.fixture
def address() -> str:
    """A mailbox that nobody else has."""
    return f"ada-{uuid4().hex}@example.org"


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    """A browser's profile: at a desk, on a phone in German, or without scripts."""
    context = browser.new_context(**WAYS[request.param])
    context.set_default_timeout(patience_ms())
    yield context
    context.close()


class Signed:
    """Somebody who has signed up: the page of their receipt, and their mails."""

    def __init__(self, context: BrowserContext, installation: Installation, sink: MailSink, address: str) -> None:
        self._sink = sink
        self._address = address
        self.page = context.new_page()
        self.page.goto(f"{installation.gateway_url}/f/newsletter")
        self.page.get_by_label("Name").fill("Ada Lovelace")
        self.page.get_by_label("Email").fill(address)
        self.page.get_by_role("button").click()
        expect(self.page.locator("#receipt")).to_contain_text(WAITING, use_inner_text=True, timeout=1.5 * patience_ms())
        self.reference = self.page.locator(".number code").inner_text()
        self.receipt_url = self.page.url

    def receipt(self) -> dict[str, Any]:
        """Return the receipt, as a program sees it."""
        answer = requests.get(self.receipt_url, headers=JSON, timeout=10)
        found: dict[str, Any] = answer.json()
        return found

    def mails(self, to: str = "") -> list[EmailMessage]:
        """Return the mails about this submission to an address; unless it is given, their own."""
        wanted = to or self._address
        return [
            mail for mail in self._sink.messages()
            if mail["X-Envelope-To"] == wanted and self.reference in mail.as_string()
        ]  # fmt: skip

    def links(self, count: int = 1) -> list[str]:
        """Return every link in the newest of so many mails, once they are there."""
        mails = eventually(lambda: found if len(found := self.mails()) == count else [], 30, f"{count} mails")
        bodies = [part.get_content() for part in mails[-1].walk() if part.get_content_maintype() == "text"]
        return list(dict.fromkeys(unescape(link) for body in bodies for link in LINK.findall(body)))

    def button(self, count: int = 1) -> str:
        """Return the link of the button in the newest of so many mails."""
        (link,) = [one for one in self.links(count) if "/opt-in/" in one]
        return link


@pytest.fixture
def signed(way: BrowserContext, installation: Installation, client_sink: MailSink, address: str) -> Signed:
    """Somebody who has just signed up."""
    return Signed(way, installation, client_sink, address)


def press(way: BrowserContext, link: str) -> tuple[Page, str]:
    """Open the link of a mail, press its button, and return the page with its language."""
    page = way.new_page()
    page.goto(link)
    language = page.locator("html").get_attribute("lang") or ""
    button = page.get_by_role("button", name=WORDS[language][0])
    assert page.get_by_role("button").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it is wider than the screen"
    button.click()
    expect(page.locator("#opt-in")).to_contain_text(WORDS[language][1])
    return page, language


def test_the_receipt_turns_once_the_button_is_pressed_and_then_the_owner_has_a_mail(
    signed: Signed, way: BrowserContext, address: str
) -> None:
    link = signed.button()
    assert (signed.receipt()["state"], signed.receipt()["opt_in"]) == ("stored", "waiting")
    assert signed.mails(OWNER) == []
    page, language = press(way, link)
    assert language == ("de" if page.evaluate("navigator.language") == "de-DE" else "en")
    expect(signed.page.locator("#receipt")).to_contain_text(
        "You have confirmed your address.", use_inner_text=True, timeout=1.5 * patience_ms()
    )
    expect(signed.page.locator("#step-confirmed time")).to_have_text(re.compile(r"20\d\d"))
    expect(signed.page.get_by_role("button", name="Send the mail again")).to_be_hidden()
    (mail,) = eventually(lambda: signed.mails(OWNER), 30, "the owner has a mail")
    assert address in mail["Reply-To"]
    receipt = signed.receipt()
    assert (receipt["state"], receipt["opt_in"], receipt["final"]) == ("confirmed", "confirmed", True)
    page.goto(link)
    expect(page.get_by_role("heading")).to_have_text(WORDS[language][2])
    assert len(signed.mails()) == 1, "no other mail comes of the button"


@pytest.mark.parametrize("way", ["desk"], indirect=True)
def test_a_scanner_that_opens_every_link_confirms_nothing(signed: Signed, way: BrowserContext) -> None:
    link = signed.button()
    for each in signed.links():
        assert requests.head(each, timeout=10).status_code == 200
        for accept in ("text/html", "*/*"):
            assert requests.get(each, headers={"Accept": accept}, timeout=10).status_code == 200
    scanned_at = datetime.now(UTC)
    assert signed.receipt()["opt_in"] == "waiting"
    press(way, link)
    confirmed = eventually(lambda: signed.receipt()["opted_in_at"], 30, "it is confirmed")
    assert datetime.fromisoformat(confirmed) > scanned_at, "it counts from the button, not from the scanner"
    eventually(lambda: signed.mails(OWNER), 30, "the owner has a mail")


@pytest.mark.parametrize("way", ["desk"], indirect=True)
def test_who_has_lost_the_mail_has_another_one(signed: Signed, way: BrowserContext) -> None:
    first = signed.button()
    signed.page.get_by_role("button", name="Send the mail again").click()
    expect(signed.page.locator("#came")).to_have_text("The mail is on its way to you again. It can be sent twice more.")
    second = signed.button(count=2)
    assert second != first
    press(way, second)
    expect(signed.page.locator("#receipt")).to_contain_text(
        "You have confirmed your address.", use_inner_text=True, timeout=1.5 * patience_ms()
    )
    expect(signed.page.locator("#came")).to_have_count(0)
    page = way.new_page()
    page.goto(first)
    expect(page.get_by_role("heading")).to_have_text("Already confirmed")


@pytest.mark.parametrize("way", ["desk"], indirect=True)
def test_counterfoil_js_says_that_the_button_is_waited_for(
    way: BrowserContext, installation: Installation, client_sink: MailSink, address: str
) -> None:
    page = way.new_page()
    page.goto(f"{installation.gateway_url}/f/newsletter")
    page.locator("form").evaluate("form => form.removeAttribute('data-then')")
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("Email").fill(address)
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("Almost done.", timeout=1.5 * patience_ms())

    def links() -> list[str]:
        mails = [mail.get_body(("plain",)) for mail in client_sink.messages() if mail["X-Envelope-To"] == address]
        found = [link for mail in mails if mail for link in LINK.findall(mail.get_content())]
        return [link for link in found if "/opt-in/" in link]

    press(way, eventually(links, 30, "the mail is there")[0])
    expect(page.get_by_role("status")).to_contain_text("Stored, and confirmed by mail.", timeout=1.5 * patience_ms())
