"""The inbox in Chromium: rows as they come, keys, many at once and undo, suggestions, and all of it without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from dev.broker import Broker
from support.browsing import patience_ms, wrong_with
from support.owned import Owned, an_owned

INBOX = "/console/inbox"
NEWEST = "#listing .row .who"
PHONE = {"width": 390, "height": 844}
WEIGHT_MOST = 100_000
"""Bytes of the whole page, as they come over the line."""


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory, rabbitmq: Broker, browser: Browser) -> Iterator[Owned]:
    with an_owned(tmp_path_factory.mktemp("inbox") / "one", rabbitmq.fresh_vhost(), browser) as made:
        yield made


@pytest.fixture
def page(owned: Owned) -> Iterator[Page]:
    page = owned.page()
    yield page
    page.context.close()


def submit(owned: Owned, name: str) -> None:
    answer = requests.post(f"{owned.url}/f/signup", json={"name": name, "email": "zoe@example.org"}, timeout=20)
    assert answer.status_code == 202, answer.text


def listening(page: Page) -> None:
    """Wait until the page has heard from its stream."""
    page.wait_for_function("performance.getEntriesByType('resource').length > 0")
    page.wait_for_timeout(300)


def notice(page: Page) -> str:
    return page.locator("#notices p").inner_text()


def test_what_comes_in_is_told_and_shown_on_a_click(owned: Owned, page: Page) -> None:
    listening(page)
    submit(owned, "Zoe of the stream")
    told = page.get_by_role("link", name="1 new: show it")
    expect(told).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\(1\) Inbox"))
    told.click()
    expect(page.locator(NEWEST).first).to_have_text("Zoe of the stream")
    expect(told).to_be_hidden()
    submit(owned, "Zoe again")
    expect(page.get_by_role("link", name="1 new: show it")).to_be_visible()


def test_an_empty_list_fills_while_one_watches(owned: Owned) -> None:
    page = owned.page(f"{INBOX}?q=zanzibar")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    listening(page)
    submit(owned, "Zanzibar")
    expect(page.locator(NEWEST)).to_have_text(["Zanzibar"])
    page.context.close()


def test_the_stream_ends_with_the_console_and_comes_back_with_the_next(owned: Owned, page: Page) -> None:
    listening(page)
    console = owned.installation.consoles[0]
    console.terminate()
    assert console.has_ended(timeout_s=10), "an open stream holds it up"
    console.start()
    owned.installation.await_ready()
    submit(owned, "Zoe after the restart")
    expect(page.get_by_role("link", name=re.compile("new: show"))).to_be_visible(timeout=1.5 * patience_ms())


def test_the_keyboard_alone_goes_ticks_stars_finishes_and_searches(page: Page) -> None:
    rows = page.locator("#listing .row")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(rows.nth(1).locator("[data-row]")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(rows.first.locator("[name=ids]")).to_be_checked()
    expect(page.locator("[data-ticked]")).to_have_text("1 ticked")
    page.keyboard.press("x")
    first = rows.first.get_attribute("id")
    is_starred = page.locator(f"#{first} .star").get_attribute("aria-pressed") == "true"
    page.keyboard.press("s")
    expect(page.locator(f"#{first} .star")).to_have_attribute("aria-pressed", "false" if is_starred else "true")
    expect(page.locator(f"#{first} [data-row]")).to_be_focused()
    page.keyboard.press("e")
    expect(page.locator(f"#{first}")).to_have_count(0)
    expect(rows.first.locator("[data-row]")).to_be_focused()
    assert notice(page) == "1 submission done."
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(f"#{first}")).to_have_count(1)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("The next one")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type(" j x e")
    assert page.locator("#q").input_value() == "is:new -is:spam j x e"
    page.keyboard.press("Escape")
    page.locator("#q").blur()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/console/submissions/.+\?q=is%3Anew"))


def test_single_keys_can_be_switched_off(page: Page) -> None:
    page.keyboard.press("?")
    page.get_by_label("Switch single keys off in this browser").check()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.reload()
    page.keyboard.press("x")
    expect(page.locator("[name=ids]:checked")).to_have_count(0)


def test_a_browser_that_keeps_nothing_has_keys_too(owned: Owned) -> None:
    context = owned.context()
    page = context.new_page()
    refuses = "{ get() { throw new DOMException('refused', 'SecurityError'); } }"
    page.add_init_script(f"Object.defineProperty(window, 'localStorage', {refuses})")
    page.goto(owned.url + INBOX)
    page.keyboard.press("j")
    expect(page.locator("#listing .row.at-hand")).to_have_count(1)
    context.close()


def test_quick_keys_lose_nothing(page: Page) -> None:
    ids = [page.locator("#listing .row").nth(n).get_attribute("id") for n in range(3)]
    before = [page.locator(f"#{one} .star").get_attribute("aria-pressed") for one in ids]
    for _ in ids:
        page.keyboard.press("j")
        page.keyboard.press("s")
    for one, was in zip(ids, before, strict=True):
        expect(page.locator(f"#{one} .star")).to_have_attribute("aria-pressed", "false" if was == "true" else "true")


def test_whoever_types_while_the_list_comes_goes_on_typing(page: Page) -> None:
    star = page.locator(f"#{page.locator('#listing .row').first.get_attribute('id')} .star")
    was = star.get_attribute("aria-pressed")
    for key in ("j", "s", "/"):
        page.keyboard.press(key)
    expect(star).to_have_attribute("aria-pressed", "false" if was == "true" else "true")
    expect(page.locator("#q")).to_be_focused()


def test_a_key_that_is_held_down_changes_once(page: Page) -> None:
    stars = [page.locator(f"#{page.locator('#listing .row').nth(n).get_attribute('id')} .star") for n in range(2)]
    now = ["false" if star.get_attribute("aria-pressed") == "true" else "true" for star in stars]
    page.keyboard.press("j")
    for _ in range(2):
        page.keyboard.down("s")
    page.keyboard.up("s")
    page.keyboard.press("j")
    page.keyboard.press("s")
    for star, pressed in reversed([*zip(stars, now, strict=True)]):
        expect(star).to_have_attribute("aria-pressed", pressed)


def test_the_question_before_erasing_has_the_focus(page: Page) -> None:
    page.locator("#listing .row").first.locator("[name=ids]").check()
    page.locator("summary", has_text="More").first.click()
    page.locator("[name=do][value=erase]").press("Enter")
    question = page.get_by_role("region", name="Erase 1 submission?")
    expect(question).to_be_focused()


def test_those_that_are_ticked_are_done_and_undone(page: Page) -> None:
    rows = page.locator("#listing .row")
    ids = [rows.nth(n).get_attribute("id") for n in range(2)]
    for n in range(2):
        rows.nth(n).locator("[name=ids]").check()
    page.get_by_role("group", name="For those that are ticked").get_by_role("button", name="Done", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("2 submissions done.")
    for one in ids:
        expect(page.locator(f"#{one}")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    for one in ids:
        expect(page.locator(f"#{one}")).to_have_count(1)


def test_a_label_is_put_on_all_that_match_and_taken_back(owned: Owned) -> None:
    page = owned.page(f"{INBOX}?q=is:new")
    page.get_by_label(re.compile("All .* that match")).check()
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Label").fill("of a test")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible(timeout=1.5 * patience_ms())
    labelled = owned.page(f"{INBOX}?q=is:new")
    expect(labelled.locator(".row .badge", has_text="of a test")).to_have_count(50)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("main")).to_contain_text(re.compile("Undone|100 %"), timeout=1.5 * patience_ms())
    labelled.reload()
    expect(labelled.locator(".row .badge", has_text="of a test")).to_have_count(0)
    labelled.context.close()
    page.context.close()


def test_what_is_wrong_with_a_label_is_said_and_nothing_typed_is_lost(page: Page) -> None:
    page.locator("[name=ids]").first.check()
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Label").fill('a "b"')
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#notices")).to_contain_text("Label: expected labels without quotes")
    expect(page.get_by_label("Label")).to_have_value('a "b"')
    expect(page.locator("[name=ids]").first).to_be_checked()


def test_a_query_is_completed_by_the_keyboard(page: Page) -> None:
    box = page.get_by_role("combobox", name="Search")
    box.fill("")
    box.press_sequentially("ada is:o")
    expect(page.get_by_role("option", name="is:open")).to_be_visible()
    box.press("ArrowDown")
    expect(page.get_by_role("option", name="is:open")).to_have_attribute("aria-selected", "true")
    box.press("Enter")
    expect(box).to_have_value("ada is:open ")
    box.press_sequentially("fo")
    page.get_by_role("option", name="form: of a form").click()
    expect(page.get_by_role("option", name="form:contact")).to_be_visible()
    box.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    expect(box).to_have_value("ada is:open form:")


def test_a_mistake_is_selected_where_it_is(owned: Owned) -> None:
    page = owned.page(f"{INBOX}?q=%F0%9F%8E%9Fa+is:nwe")
    expect(page.locator("#q")).to_be_focused()
    assert page.evaluate("getSelection().toString()") == "nwe"
    expect(page.locator("mark")).to_have_text("nwe")
    page.context.close()


def test_all_of_it_goes_without_scripts(owned: Owned) -> None:
    page = owned.page(java_script_enabled=False)
    who = page.locator(NEWEST).first.inner_text()
    is_starred = page.locator(".row .star").first.get_attribute("aria-pressed") == "true"
    page.locator("#listing .row").first.get_by_role("button", name="Star").click()
    said = "false" if is_starred else "true"
    expect(page.locator(".row .star").first).to_have_attribute("aria-pressed", said)
    page.locator("[name=ids]").first.check()
    page.get_by_role("group", name="For those that are ticked").get_by_role("button", name="Done", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("1 submission done.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(NEWEST).first).to_have_text(who)
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("link", name="Newer")).to_be_visible()
    page.locator("#q").fill("is:new form:signup")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile("q=is%3Anew"))
    page.get_by_role("link", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename.startswith("signup-")
    page.context.close()


def test_the_page_is_light(owned: Owned) -> None:
    context = owned.context()
    page = context.new_page()
    sizes = list[int]()
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto(owned.url + INBOX, wait_until="load")
    page.wait_for_timeout(300)
    assert len(sizes) >= 5
    assert sum(sizes) < WEIGHT_MOST
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", [INBOX, f"{INBOX}?q=", f"{INBOX}?q=is:nwe", f"{INBOX}?q=nothing-there", "/console/jobs", "/console/export"]
)
def test_pages_are_for_everybody(owned: Owned, path: str, scheme: str) -> None:
    page = owned.page(path, color_scheme=scheme, viewport=PHONE)
    assert wrong_with(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    assert wrong_with(page) == []
    page.context.close()


def test_what_opens_is_for_everybody(page: Page) -> None:
    page.locator("[name=ids]").first.check()
    page.get_by_text("More", exact=True).click()
    page.get_by_text("What can be searched for").click()
    assert wrong_with(page) == []
    page.keyboard.press("?")
    assert wrong_with(page) == []
