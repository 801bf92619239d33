"""Files on the console's pages in a real browser: what is shown, saved, and never run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from storage_service.accounts.roles import Grant
from storage_service.console.app import create_app
from support.browsing import wrong_with
from support.console_app import ConsoleApp, a_console
from support.console_pages import BY, PASSWORD
from support.events import an_event, with_files
from support.files import a_picture, lying, received
from support.hosted import served
from support.pictures.camera import SCREENS
from support.submission_databases import migrated

SCRIPT = b"<!doctype html><title>owned</title><script>document.title = parent.document.title = 'owned'</script>"
HOSTILE = '"><script>document.title="owned"</script>\u202efdp.exe'
PICTURES = os.environ.get("COUNTERFOIL_TEST_PICTURES")


@dataclass
class Hosted:
    console: ConsoleApp
    url: str
    page: str


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[Hosted]:
    with migrated(f"sqlite:///{tmp_path / 'storage.db'}") as engine:
        console = a_console(engine, tmp_path)
        user = console.parts.accounts.users.add("ada@example.org", [Grant("owner")], BY)
        console.parts.accounts.passwords.set(user.id, PASSWORD, BY)
        files = [
            lying(console, b"%PDF-1.7", name="Lebenslauf Ada Lovelace.pdf"),
            lying(console, a_picture("JPEG", (900, 400)), field="photo", name="me.jpg", type="image/jpeg", number=2),
            lying(console, a_picture("PNG", (200, 900)), field="photo", name="تقرير.png", type="image/png", number=3),
            lying(console, SCRIPT, name="x.html", type="text/html", number=4, given=HOSTILE, scan="unscanned"),
            lying(console, b"x", name="w" * 140 + ".docx", number=5, scan="infected: Eicar"),
            lying(console, b"\x89PNG", field="photo", name="broken.png", type="image/png", number=6),
        ]
        event = with_files(an_event(), *files)
        later = with_files(replace(an_event(name="Bob"), id=event.id), lying(console, b"later", name="later.txt"))
        received(engine, event, later)
        with served(create_app(console.parts)) as url:
            yield Hosted(console, url, f"/console/submissions/{event.id}")


def signed_in(browser: Browser, hosted: Hosted, **options: object) -> Page:
    page = browser.new_context(bypass_csp=True, **options).new_page()  # type: ignore[arg-type]
    page.goto(f"{hosted.url}/console/sign-in")
    page.locator("input[type=email]").first.fill("ada@example.org")
    page.locator("input[type=password]").first.fill(PASSWORD)
    page.locator("main form").get_by_role("button").first.click()
    page.wait_for_url("**/console/inbox**")
    return page


@pytest.mark.parametrize("screen", ["desktop", "dark", "phone", "200-percent", "forced-colours", "no-script"])
def test_the_list_of_files_is_for_everybody(browser: Browser, hosted: Hosted, screen: str) -> None:
    page = signed_in(browser, hosted, **SCREENS[screen])
    found = []
    for name, path in (("inbox", "/console/inbox?q="), ("submission", hosted.page)):
        page.goto(hosted.url + path)
        page.wait_for_load_state("networkidle")
        if screen not in ("no-script", "forced-colours"):  # axe needs scripts, and takes our colours for theirs
            found += [f"{name}: {one}" for one in wrong_with(page)]
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}-{screen}.png", full_page=True)
    assert found == []
    expect(page.get_by_role("heading", name="6 files")).to_be_visible()
    expect(page.get_by_role("link", name="Download me.jpg")).to_be_visible()
    assert page.title() != "owned"
    page.context.close()


def test_a_picture_is_drawn_and_a_click_saves(browser: Browser, hosted: Hosted) -> None:
    page = signed_in(browser, hosted)
    page.goto(hosted.url + hosted.page)
    picture = page.locator(".files img").first
    picture.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.files img').naturalWidth === 320")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download x.html").click()
    assert saved.value.suggested_filename == "x.html"
    assert Path(saved.value.path()).read_bytes() == SCRIPT
    assert page.title() != "owned"
    page.context.close()


@pytest.mark.parametrize("how", ["navigated to", "framed", "in a picture", "as a script", "as a style"])
def test_an_uploaded_byte_is_never_run(browser: Browser, hosted: Hosted, how: str) -> None:
    """Whatever somebody makes a signed-in browser do with the address of a file, even on a page without a policy."""
    page = signed_in(browser, hosted)
    page.goto(hosted.url + hosted.page)
    place = f"{hosted.page}/files/4"
    element = {"framed": "iframe", "in a picture": "img", "as a script": "script", "as a style": "link"}.get(how)
    if element is None:
        with page.expect_download():
            page.evaluate("(place) => { location.href = place }", place)
    else:
        load = """([name, place]) => new Promise((done) => {
            const made = document.createElement(name)
            made.onload = () => done("loaded"); made.onerror = () => done("refused")
            made.rel = "stylesheet"; made[name === "link" ? "href" : "src"] = place
            document.body.append(made); setTimeout(() => done("nothing"), 1500)
        })"""
        page.evaluate(load, [element, place])
    page.wait_for_timeout(300)
    assert page.title() != "owned"
    assert hosted.page in page.url
    page.context.close()
