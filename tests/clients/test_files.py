"""Files from real clients: a browser without JavaScript, counterfoil.js, the vendors' pages and packages, and curl.

What counts is that each file is stored once, byte for byte, under its field.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from clients.conftest import Visit
from support.faulty.proxy import Proxy
from support.faulty.treatments import CutReply, Notice
from support.installation import Installation
from support.owner import Owner
from support.pace import stretched_s
from support.posts import posts_of
from support.sample_files import picture
from support.typing_in import fill_in
from support.uploaded import Uploaded, Uploads

OURS = {"https://forms.example.org": ""}
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + random.Random(28).randbytes(300_000) + b"\n%%EOF\n"  # noqa: S311 - any bytes will do
PNG, JPEG = picture("PNG"), picture("JPEG")
CV = FilePayload(name="Lebenslauf für Ada.pdf", mimeType="application/pdf", buffer=PDF)
RIGHT_TO_LEFT = FilePayload(name="תמונה.png", mimeType="image/png", buffer=PNG)
PHOTO = FilePayload(name='a "photo" 1.jpg', mimeType="image/jpeg", buffer=JPEG)
BOTH = [
    Uploaded("cv", "Lebenslauf für Ada.pdf", "application/pdf", PDF),
    Uploaded("photos", "תמונה.png", "image/png", PNG),
    Uploaded("photos", "a _photo_ 1.jpg", "image/jpeg", JPEG),
]
AWAY_MS = 60_000


def choose(page: Page, *, cv: FilePayload = CV) -> None:
    page.locator("[name=cv]").set_input_files(cv)
    page.locator("[name=photos]").set_input_files([RIGHT_TO_LEFT, PHOTO])


@pytest.fixture
def page(visit: Visit) -> Page:
    return visit("files.html", OURS)


def listen(page: Page, name: str) -> None:
    """Keep the details of the script's events of this name in `seen`."""
    page.evaluate(
        "name => { window.seen = []; document.addEventListener('counterfoil:' + name, e => seen.push(e.detail)); }",
        name,
    )


@pytest.mark.parametrize("javascript", [False, True], ids=["script-off", "script-on"])
def test_our_own_page_takes_files_also_after_an_error(
    browser: Browser, installation: Installation, uploads: Uploads, javascript: bool
) -> None:
    context = browser.new_context(java_script_enabled=javascript)
    page, address = context.new_page(), f"hosted-files-{javascript}@example.org"
    page.goto(f"{installation.gateway_url}/f/uploads")
    expect(page.get_by_label("CV")).to_have_accessible_description("PDF, 10 MB at most.")
    expect(page.get_by_label("Photos")).to_have_accessible_description(
        "Up to 2 files (picture), 10 MB each, 12 MB together."
    )
    fill_in(page, "nowhere", message="Kept.")
    choose(page)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#field-email-error")).to_be_visible()
    expect(page.get_by_label("Message")).to_have_value("Kept.")
    if not javascript:
        expect(page.get_by_text("A browser does not keep files")).to_be_visible()
        expect(page.get_by_text("Please choose it again: Lebenslauf für Ada.pdf")).to_be_visible()
        choose(page)
    page.get_by_label("Email").fill(address)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/receipts/*")
    assert uploads.await_stored("uploads", address) == BOTH
    context.close()


def test_the_script_sends_files_and_says_how_far_it_is(page: Page, uploads: Uploads) -> None:
    listen(page, "progress")
    fill_in(page, "script-files@example.org")
    choose(page)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "confirmed")
    assert uploads.await_stored("uploads", "script-files@example.org") == BOTH
    progress = page.evaluate("seen")
    assert progress[-1]["loaded"] == progress[-1]["total"] > len(PDF)
    expect(page.locator(".counterfoil-progress")).to_have_count(0)
    expect(page.locator("[name=cv]")).to_have_value("")


def test_what_is_wrong_with_a_file_is_said_before_it_is_sent(page: Page, uploads: Uploads) -> None:
    posts = posts_of(page)
    fill_in(page, "checked-files@example.org")
    large = FilePayload(name="large.pdf", mimeType="application/pdf", buffer=b"%PDF-" + bytes(10 * 1024 * 1024))
    page.locator("[name=cv]").set_input_files(large)
    page.locator("[name=photos]").set_input_files([RIGHT_TO_LEFT, CV, PHOTO])
    page.get_by_role("button", name="Send").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("listitem")).to_have_text(
        [
            "This file is too large: 10 MB is the most.",
            "A file of this type is not taken here.",
            "Too many files: 2 can be sent here.",
        ]
    )
    expect(page.locator("[name=cv]")).to_have_accessible_description("This file is too large: 10 MB is the most.")
    assert posts == []
    choose(page)
    expect(summary).to_have_count(0)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "confirmed")
    assert uploads.await_stored("uploads", "checked-files@example.org") == BOTH


def test_what_the_gateway_alone_can_see_stands_beside_the_input(page: Page) -> None:
    fill_in(page, "nothing@example.org")
    choose(page, cv=FilePayload(name="cv.pdf", mimeType="application/pdf", buffer=b"MZ" + bytes(2000)))
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("1 field needs your attention.")
    expect(page.locator("[name=cv]")).to_have_attribute("aria-invalid", "true")
    assert page.locator("[name=photos]").evaluate("input => input.files.length") == 2


def test_a_gateway_that_was_away_gets_the_files_once(
    page: Page, installation: Installation, owner: Owner, uploads: Uploads
) -> None:
    fill_in(page, "away-files@example.org")
    choose(page)
    installation.gateway.kill()
    try:
        page.get_by_role("button", name="Send").click()
        status = page.get_by_role("status")
        expect(status).to_have_attribute("data-state", "waiting")
        expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    finally:
        installation.gateway.start()
        installation.await_ready()
    expect(status).to_have_attribute("data-state", "confirmed", timeout=AWAY_MS)
    assert uploads.await_stored("uploads", "away-files@example.org") == BOTH


@pytest.fixture
def line(installation: Installation) -> Iterator[Proxy]:
    proxy = Proxy(int(installation.gateway_url.rpartition(":")[2]))
    proxy.start()
    yield proxy
    proxy.stop()


def test_an_answer_that_is_lost_makes_no_second_submission(
    visit: Visit, installation: Installation, line: Proxy, uploads: Uploads
) -> None:
    page = visit("files.html", OURS, gateway_url=line.url_of(installation.gateway_url))
    listen(page, "waiting")
    fill_in(page, "lost-files@example.org")
    choose(page)
    line.treat("to server", Notice(b"POST /f/uploads"))
    line.treat("to client", CutReply(2))  # Chromium itself tries once more where it had used the connection before
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "confirmed", timeout=AWAY_MS)
    assert line.counts["replies cut"] == 2
    assert page.evaluate("seen.length") >= 1
    assert uploads.await_stored("uploads", "lost-files@example.org") == BOTH


def test_whoever_stops_may_go_on_and_a_reload_keeps_what_was_typed(
    page: Page, installation: Installation, uploads: Uploads
) -> None:
    fill_in(page, "stopped-files@example.org", message="Typed.")
    choose(page)
    installation.gateway.pause()
    try:
        page.get_by_role("button", name="Send").click()
        page.get_by_role("button", name="Cancel").click()
        status = page.get_by_role("status")
        expect(status).to_have_text("Stopped. Press the button again to go on.")
        expect(page.get_by_label("Name")).to_be_editable()
        expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    finally:
        installation.gateway.resume()
    page.reload()
    expect(page.get_by_label("Message")).to_have_value("Typed.")
    assert page.locator("[name=cv]").evaluate("input => input.files.length") == 0
    choose(page)
    page.get_by_role("button", name="Send").click()
    expect(status).to_have_attribute("data-state", "confirmed")
    assert uploads.await_stored("uploads", "stopped-files@example.org") == BOTH


@dataclass(frozen=True)
class Vendor:
    """A page of another service, the form it posts to, its inputs of files, and where it says that it went well."""

    page: str
    addresses: tuple[str, str]
    form: str
    inputs: tuple[tuple[str, int], ...]
    shows: str = ""

    def __str__(self) -> str:
        return self.page


FORMSPREE = ("https://formspree.io", "")
NETLIFY = ("https://www.example.netlify.app/", "/f/netlify-files")
BASIN = ("https://usebasin.com/f/1a2b3c4d5e6f", "/f/basin-files")
GETFORM = ("https://getform.io/f/your-form-endpoint", "/f/getform-files")
WEB3FORMS = ("https://api.web3forms.com/submit", "/f/web3forms-files")
VENDORS = [
    Vendor("formspree-upload.html", FORMSPREE, "formspree-files", (("upload", 2),)),
    Vendor("formspree-upload-react.jsx", FORMSPREE, "formspree-files", (("attachment", 2),), "Thank you"),
    Vendor("netlify-upload.html", NETLIFY, "netlify-files", (("first-file", 1), ("second-file", 0))),
    Vendor("netlify-upload-fetch.html", NETLIFY, "netlify-files", (("attachment", 1),), "successfully"),
    Vendor("getform-upload.html", GETFORM, "getform-files", (("file", 1), ("files[]", 2))),
    Vendor("basin-upload.html", BASIN, "basin-files", (("resume", 1), ("attachments[]", 2))),
    Vendor("web3forms-upload.html", WEB3FORMS, "web3forms-files", (("attachment", 1),), "Success"),
]


@pytest.mark.parametrize("vendor", VENDORS, ids=str)
def test_the_pages_of_other_services_send_their_files(visit: Visit, uploads: Uploads, vendor: Vendor) -> None:
    page, address = visit(vendor.page, dict([vendor.addresses])), f"{vendor}@example.org"
    fill_in(page, address)
    expected = []
    for name, count in vendor.inputs:
        chosen = [RIGHT_TO_LEFT, CV][:count]
        page.locator(f'[name="{name}"]').set_input_files(chosen)
        expected += [(name.removesuffix("[]"), one["buffer"]) for one in chosen]
    page.locator("form button").click()
    if vendor.shows:
        expect(page.locator("#status")).to_contain_text(vendor.shows)
    else:
        page.wait_for_url("**/receipts/*")
    assert [(one.field, one.content) for one in uploads.await_stored(vendor.form, address)] == expected


def test_curl_sends_a_file(installation: Installation, uploads: Uploads, tmp_path: Path) -> None:
    (tmp_path / "cv.pdf").write_bytes(PDF)
    fields = ["-F", "name=Ada", "-F", "email=curl-files@example.org", "-F", f"cv=@{tmp_path / 'cv.pdf'}"]
    command = ["curl", "--silent", "--fail-with-body", *fields, f"{installation.gateway_url}/f/uploads"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=stretched_s(60), check=False)
    assert json.loads(done.stdout)["ok"] is True, done.stdout
    [cv] = uploads.await_stored("uploads", "curl-files@example.org")
    assert cv == Uploaded("cv", "cv.pdf", "application/pdf", PDF)


def test_a_browser_without_a_script_is_told_of_files_that_are_too_large(
    browser: Browser, installation: Installation
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{installation.gateway_url}/f/uploads")
    large = FilePayload(name="large.pdf", mimeType="application/pdf", buffer=b"%PDF-" + bytes(20 * 1024 * 1024))
    fill_in(page, "large-files@example.org")
    page.locator("[name=cv]").set_input_files(large)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading")).to_have_text("The files are too large together: 12 MB is the most.")
    expect(page.get_by_text("Please choose smaller files, or fewer, and send it again.")).to_be_visible()
    context.close()
