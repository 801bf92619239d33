"""What counterfoil.js tells of how long its page was open: only of one that was opened empty."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from clients.conftest import Visit
from support.installation import Installation
from support.owner import Owner
from support.posts import key_of, posts_of
from support.typing_in import fill_in

OURS = {"https://forms.example.org": ""}


@pytest.fixture
def page(visit: Visit) -> Page:
    return visit("snippet.html", OURS)


def told(post: Request) -> list[str]:
    return parse_qs(urlsplit(post.url).query).get("open_ms", [])


def sent(page: Page) -> None:
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "confirmed")


def test_it_tells_how_long_its_page_was_open(visit: Visit, owner: Owner) -> None:
    began = time.monotonic()
    page = visit("snippet.html", OURS)
    posts = posts_of(page)
    fill_in(page, "open@example.org")
    page.wait_for_timeout(500)
    sent(page)
    [first] = told(posts[0])
    assert 500 <= int(first) <= 1000 * (time.monotonic() - began)
    fill_in(page, "open-still@example.org")
    sent(page)
    [second] = told(posts[1])
    assert int(second) > int(first), "a page that stays open is open for longer"
    assert "open_ms" not in owner.await_stored("contact", "open@example.org")


def test_a_retry_tells_the_same(page: Page) -> None:
    posts = posts_of(page)
    page.route("**/f/contact?open_ms=*", lambda route: route.fulfill(status=503), times=1)
    fill_in(page, "again@example.org")
    sent(page)
    assert len(posts) == 2
    assert (told(posts[0]), key_of(posts[0])) == (told(posts[1]), key_of(posts[1]))


def test_a_page_that_was_loaded_again_tells_nothing(page: Page) -> None:
    fill_in(page, "reloaded@example.org")
    page.reload()
    posts = posts_of(page)
    fill_in(page, "reloaded@example.org")
    sent(page)
    assert told(posts[0]) == []


def test_a_page_with_what_was_typed_before_tells_nothing(page: Page) -> None:
    fill_in(page, "nowhere")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "refused")
    where = page.url
    page.goto("about:blank")
    page.goto(where)
    expect(page.get_by_label("Email")).to_have_value("nowhere")
    posts = posts_of(page)
    page.get_by_label("Email").fill("restored@example.org")
    sent(page)
    assert told(posts[0]) == []


def test_an_address_that_asks_for_something_keeps_it(page: Page) -> None:
    page.locator("form").evaluate("form => form.action += '?from=footer'")
    posts = posts_of(page)
    fill_in(page, "query@example.org")
    sent(page)
    assert parse_qs(urlsplit(posts[0].url).query)["from"] == ["footer"]
    assert len(told(posts[0])) == 1


def test_the_hosted_page_tells_it_too(visit: Visit, installation: Installation) -> None:
    page = visit("snippet.html", OURS)
    page.goto(f"{installation.gateway_url}/f/contact")
    posts = posts_of(page)
    fill_in(page, "hosted-open@example.org")
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", name="Accepted")).to_be_visible()
    assert len(told(posts[0])) == 1
