"""Pages without a script: the browser's own post from another origin, each with another address only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from playwright.sync_api import FilePayload, Page, expect

from clients.conftest import Visit
from support.owner import Owner
from support.posts import posts_of
from support.site import Site
from support.typing_in import fill_in

BASIN = {"https://usebasin.com/f/1a2b3c4d5e6f": "/f/basin"}
RECEIPT = "**/receipts/*"


@dataclass(frozen=True)
class Plain:
    """A page, the form it posts to, and where the browser ends."""

    page: str
    addresses: Mapping[str, str]
    form: str
    ends_at: str

    def __str__(self) -> str:
        return self.page


PAGES = [
    Plain("formspree.html", {"https://formspree.io": ""}, "formspree", RECEIPT),
    Plain("web3forms.html", {"https://api.web3forms.com/submit": "/f/web3forms"}, "web3forms", "http://localhost:*/success"),
    Plain("netlify.html", {"https://www.example.netlify.app/": "/f/netlify"}, "netlify", "http://localhost:*/thank-you"),
    Plain("basin.html", BASIN, "basin", RECEIPT),
]  # fmt: skip


@pytest.fixture(autouse=True)
def goals(site: Site) -> None:
    for path in ("/success", "/thank-you"):
        site.put(path, "<h1>Thanks</h1>")


def send(page: Page) -> None:
    page.locator("form button").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["script-on", "script-off"])
@pytest.mark.parametrize("plain", PAGES, ids=str)
def test_the_browser_ends_where_the_page_says_and_the_fields_are_stored(
    visit: Visit, owner: Owner, plain: Plain, javascript: bool
) -> None:
    page = visit(plain.page, dict(plain.addresses), javascript=javascript)
    address = f"{plain.form}-{javascript}@example.org"
    fill_in(page, address, message="Zwei\nZeilen")
    send(page)
    page.wait_for_url(plain.ends_at)
    stored = owner.await_stored(plain.form, address)
    assert stored.pop("name", "Ada Lovelace") == "Ada Lovelace"
    assert stored.pop("message").splitlines() == ["Zwei", "Zeilen"]
    assert stored == {"email": address}, "control fields are taken out"


@pytest.mark.parametrize("plain", PAGES, ids=str)
def test_a_refused_post_offers_the_form_with_what_was_typed(visit: Visit, owner: Owner, plain: Plain) -> None:
    page = visit(plain.page, dict(plain.addresses))
    page.locator("form").evaluate("form => form.noValidate = true")
    fill_in(page, f"{plain.form}-wrong", message="Much was typed here")
    send(page)
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("[name=message]")).to_have_value("Much was typed here")
    page.locator("[name=email]").fill(f"{plain.form}-mended@example.org")
    send(page)
    page.wait_for_url(plain.ends_at)
    assert owner.await_stored(plain.form, f"{plain.form}-mended@example.org")["message"] == "Much was typed here"


def test_the_subject_of_the_page_is_the_mail_s_where_the_form_says_so(visit: Visit, owner: Owner) -> None:
    page = visit("formspree.html", {"https://formspree.io": ""})
    fill_in(page, "subject@example.org")
    send(page)
    page.wait_for_url(RECEIPT)
    assert owner.await_mail("subject@example.org") == "A message from the site"
    assert owner.await_stored("formspree", "subject@example.org")


@pytest.mark.parametrize(
    ("plain", "trap"), list(zip(PAGES[:3], ("_gotcha", "botcheck", "bot-field"), strict=True)), ids=str
)
def test_a_filled_trap_looks_like_success_and_is_kept_as_spam(
    visit: Visit, owner: Owner, plain: Plain, trap: str
) -> None:
    page = visit(plain.page, dict(plain.addresses))
    fill_in(page, "robot@example.org")
    page.locator(f"[name={trap}]").evaluate("field => { field.value = 'x'; field.checked = true; }")
    send(page)
    page.wait_for_url(plain.ends_at)
    owner.await_stored(plain.form, "robot@example.org", spam=True)
    assert owner.stored(plain.form, "robot@example.org") == []


def test_a_multipart_page_posts_multipart_and_a_file_is_refused_by_name(visit: Visit) -> None:
    page = visit("basin.html", BASIN)
    posts = posts_of(page)
    fill_in(page, "file@example.org")
    page.locator("[name=resume]").set_input_files(FilePayload(name="cv.txt", mimeType="text/plain", buffer=b"Hello."))
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("does not take files")
    assert (posts[0].header_value("content-type") or "").startswith("multipart/form-data")


def test_a_page_of_a_stranger_is_refused(visit: Visit, owner: Owner, site: Site) -> None:
    page = visit("formspree.html", {"https://formspree.io": ""})
    stranger = page.url.replace("localhost", "127.0.0.1")
    page.goto(stranger)
    fill_in(page, "stranger@example.org")
    send(page)
    expect(page.get_by_role("heading")).to_contain_text("does not take submissions from that site")
    assert owner.stored("formspree", "stranger@example.org") == []
