"""The frame of the console's pages in a real browser: signing in, with scripts and without, and what htmx does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Blueprint, Response, request
from jinja2 import ChoiceLoader, DictLoader
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dev import clients
from shared.web.refusals import refused
from storage_service.accounts.roles import Grant
from storage_service.console.access import needs
from storage_service.console.app import create_app
from storage_service.console.pages import account, entry
from storage_service.console.pages.frame import going
from storage_service.console.pages.frame.notices import Undo, tell
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.parts import Parts
from support.browsing import complaints_of, patience_ms
from support.console_app import ConsoleApp, a_console
from support.console_pages import BY, PASSWORD
from support.hosted import served
from support.submission_databases import migrated

AXE = clients.FOLDER / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
HOSTILE = '"><script>document.title = "owned"</script>\u202eevil'


class Room:
    """A room with one form that htmx sends: it says how it is to be answered."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def routes(self, parts: Parts, pages: Pages) -> Blueprint:
        views = Blueprint("trial", __name__)
        own = pages._environment.loader
        assert own is not None
        pages._environment.loader = ChoiceLoader([own, DictLoader({"trial.html": TRIAL})])

        @views.get("/console/inbox")
        @needs("read")
        def inbox() -> Response:
            return pages.page("trial.html", text="", problem="")

        @views.post("/console/trial")
        @needs("write")
        def trial() -> Response:
            text = request.form["text"]
            if text == "refuse":
                raise refused(404, "NOT_FOUND", "There is no such thing.")
            if text == "fail":
                raise RuntimeError("a bug")
            if text == "mend":
                return pages.part("trial.html", "main", 422, text=text, problem="Mend this.")
            self.taken.append(text)
            tell("It is kept.", Undo("/console/trial", {"text": "undone"}))
            if request.headers.get("HX-Request"):
                return pages.part("trial.html", "main", text="", problem="")
            return going.to("/console/inbox")

        return views


TRIAL = """{% extends "base.html" %}
{% block title %}Trial{% endblock %}
{% block main %}
<form id="trial" method="post" action="/console/trial" hx-post="/console/trial" hx-target="this">
{{ ui.token() }}{{ ui.top("Trial") }}{{ ui.problem(problem) }}
{{ ui.field("text", "Text", text, type="textarea") }}
{{ ui.copied("sample", "curl -d a=1", "a line") }}
<p class="go">{{ ui.button("Keep") }}</p></form>
{{ ui.confirmation("Erase", "For ever?", "/console/trial", "Erase it", {"text": "erased"}) }}
{{ ui.pager("/console/inbox?cursor=a", "/console/inbox?cursor=b", "1 to 50") }}
{% endblock %}"""


@dataclass
class Hosted:
    console: ConsoleApp
    room: Room
    url: str


@pytest.fixture
def hosted_console(tmp_path: Path) -> Iterator[Hosted]:
    with migrated(f"sqlite:///{tmp_path / 'storage.db'}") as engine:
        console, room = a_console(engine, tmp_path), Room()
        user = console.parts.accounts.users.add("ada@example.org", [Grant("owner")], BY)
        console.parts.accounts.passwords.set(user.id, PASSWORD, BY)
        with served(create_app(console.parts, rooms=[account, entry, room])) as url:
            yield Hosted(console, room, url)


@pytest.fixture
def contexts(browser: Browser) -> Iterator[list[BrowserContext]]:
    opened: list[BrowserContext] = []
    yield opened
    for context in opened:
        context.close()


def opened(
    contexts: list[BrowserContext], browser: Browser, hosted: Hosted, **options: object
) -> tuple[Page, list[str]]:
    """Return a page at the inbox, signed in by the page, and what the browser complained of."""
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(patience_ms())
    contexts.append(context)
    page = context.new_page()
    complaints = complaints_of(page)
    page.goto(f"{hosted.url}/console/inbox")
    expect(page).to_have_url(f"{hosted.url}/console/sign-in?next=/console/inbox")
    page.get_by_label("Mail address").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{hosted.url}/console/inbox")
    return page, complaints


@pytest.mark.parametrize("javascript", [True, False])
def test_a_form_is_sent_and_undone_with_scripts_and_without(
    browser: Browser, hosted_console: Hosted, contexts: list[BrowserContext], javascript: bool
) -> None:
    page, complaints = opened(contexts, browser, hosted_console, java_script_enabled=javascript)
    page.get_by_label("Text").fill(HOSTILE)
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("It is kept.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("It is kept.")).to_be_visible()
    assert hosted_console.room.taken == [HOSTILE, "undone"]
    assert complaints == []


def test_what_is_to_be_mended_stays_in_its_field(
    browser: Browser, hosted_console: Hosted, contexts: list[BrowserContext]
) -> None:
    page, _ = opened(contexts, browser, hosted_console)
    page.get_by_label("Text").fill("mend")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("alert")).to_have_text("Mend this.")
    expect(page.get_by_label("Text")).to_have_value("mend")
    assert page.title() == "Trial · Counterfoil"


@pytest.mark.parametrize(
    ("text", "said"), [("refuse", "There is no such thing."), ("fail", "does not answer just now")]
)
def test_what_is_refused_leaves_the_page_as_it_is_and_says_so(
    browser: Browser, hosted_console: Hosted, contexts: list[BrowserContext], text: str, said: str
) -> None:
    page, _ = opened(contexts, browser, hosted_console)
    page.get_by_label("Text").fill(text)
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#notices")).to_contain_text(said)
    expect(page.get_by_label("Text")).to_have_value(text)


def test_a_session_that_ends_in_the_midst_of_typing_loses_nothing(
    browser: Browser, hosted_console: Hosted, contexts: list[BrowserContext]
) -> None:
    page, _ = opened(contexts, browser, hosted_console)
    accounts = hosted_console.console.parts.accounts
    page.get_by_label("Text").fill("a long note")
    accounts.sessions.end_all(accounts.users.listed()[0].id, BY)
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("dialog")).to_contain_text("You are signed out")
    with page.context.expect_page() as tab:
        page.get_by_role("link", name="Sign in, in a new tab").click()
    tab.value.get_by_label("Mail address").fill("ada@example.org")
    tab.value.get_by_label("Password").fill(PASSWORD)
    tab.value.get_by_role("button", name="Sign in").click()
    expect(tab.value.get_by_role("heading")).to_have_text("You are signed in")
    page.get_by_role("button", name="Back to the page").click()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("It is kept.")).to_be_visible()
    assert hosted_console.room.taken == ["a long note"]


def test_without_scripts_it_is_sent_from_the_page_that_says_so(
    browser: Browser, hosted_console: Hosted, contexts: list[BrowserContext]
) -> None:
    page, _ = opened(contexts, browser, hosted_console, java_script_enabled=False)
    accounts, typed = hosted_console.console.parts.accounts, f"first line\nsecond\n\n{HOSTILE}"
    page.get_by_label("Text").fill(typed)
    accounts.sessions.end_all(accounts.users.listed()[0].id, BY)
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("heading")).to_have_text("You are signed out")
    with page.context.expect_page() as tab:
        page.get_by_role("link", name="Sign in, in a new tab").click()
    tab.value.get_by_label("Mail address").fill("ada@example.org")
    tab.value.get_by_label("Password").fill(PASSWORD)
    tab.value.get_by_role("button", name="Sign in").click()
    expect(tab.value.get_by_role("heading")).to_have_text("You are signed in")
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_text("It is kept.")).to_be_visible()
    assert [one.replace("\r\n", "\n") for one in hosted_console.room.taken] == [typed]


def test_a_question_is_asked_before_what_cannot_be_undone_and_escape_closes_it(
    browser: Browser, hosted_console: Hosted, contexts: list[BrowserContext]
) -> None:
    page, _ = opened(contexts, browser, hosted_console)
    question = page.get_by_text("For ever?")
    page.get_by_text("Erase", exact=True).click()
    expect(question).to_be_visible()
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    page.get_by_text("Erase", exact=True).click()
    page.get_by_role("button", name="Erase it").click()
    expect(page.get_by_text("It is kept.")).to_be_visible()
    assert hosted_console.room.taken == ["erased"]


@pytest.mark.parametrize("path", ["/console/inbox", "/console/account", "/console/nowhere", "/console/reset"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_pages_are_for_everybody(
    browser: Browser, hosted_console: Hosted, contexts: list[BrowserContext], path: str, width: int, scheme: str
) -> None:
    """WCAG 2.2 AA by axe, and nothing beside the screen."""
    size = {"width": width, "height": 800}
    page, complaints = opened(contexts, browser, hosted_console, viewport=size, color_scheme=scheme, bypass_csp=True)
    page.goto(hosted_console.url + path)
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("(rules) => axe.run({runOnly: rules})", RULES)
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert [one for one in complaints if "404" not in one] == []
