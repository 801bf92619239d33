"""counterfoil.js in a page on another origin: from a click to a confirmed receipt, and what is wrong on the way."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from clients.conftest import Visit
from support.browsing import complaints_of
from support.installation import Installation
from support.owner import Owner
from support.posts import key_of, posts_of
from support.site import Site
from support.typing_in import ADDRESS, fill_in

OURS = {"https://forms.example.org": ""}


@pytest.fixture
def page(visit: Visit) -> Page:
    return visit("snippet.html", OURS)


def test_a_submission_is_followed_until_it_is_confirmed(page: Page, owner: Owner) -> None:
    fill_in(page, "happy@example.org", message="Ⅷ naïve 漢字 🧾\nsecond line")
    page.get_by_label("praise").check()
    page.get_by_role("button").click()
    status = page.get_by_role("status")
    expect(status).to_have_attribute("data-state", "confirmed")
    expect(status).to_have_text("Stored, and confirmed by mail. Receipt")
    expect(page.get_by_label("Name")).to_have_value("")
    told = page.evaluate("told")
    assert told[0][0] == "accepted"
    assert status.get_by_role("link").get_attribute("href") == told[0][1]["receipt_url"]
    assert [detail["state"] for name, detail in told if name == "receipt"][-1] == "confirmed"
    stored = owner.await_stored("contact", "happy@example.org")
    assert stored.pop("message").splitlines() == ["Ⅷ naïve 漢字 🧾", "second line"]
    assert stored == {"name": "Ada Lovelace", "email": "happy@example.org", "topic": ["Praise"]}
    assert owner.await_mail("happy@example.org") == "We have your message, Ada Lovelace"


def test_what_is_wrong_stands_beside_its_field_until_it_is_mended(page: Page, owner: Owner) -> None:
    posts = posts_of(page)
    fill_in(page, "nowhere", name="")
    page.get_by_role("button").click()
    name, email = page.get_by_label("Name"), page.get_by_label("Email")
    expect(page.get_by_role("status")).to_have_text("This could not be sent.")
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_have_text(re.compile(r"^2 fields need your attention\."))
    summary.get_by_role("link").first.click()
    expect(name).to_be_focused()
    assert "#" not in page.url, "a page may keep its state there"
    expect(email).to_have_accessible_description(re.compile(r"We answer to it\. .*email address"))
    for field in (name, email):
        expect(field).to_have_attribute("aria-invalid", "true")

    name.fill("Ada Lovelace")
    email.fill("mended@example.org")
    expect(page.locator("[aria-invalid], .counterfoil-error")).to_have_count(0)
    expect(email).to_have_accessible_description("We answer to it.")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "confirmed")
    assert len(owner.stored("contact", "mended@example.org")) == 1
    assert key_of(posts[0]) != key_of(posts[1]), "other words need another key"


def test_a_form_that_is_not_for_this_site_says_so_and_leaves_what_was_typed(page: Page) -> None:
    page.locator("form").evaluate("form => form.action = form.action.replace('contact', 'elsewhere')")
    fill_in(page, ADDRESS, message="Hello")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("This form does not take submissions from that site.")
    expect(page.get_by_label("Message")).to_have_value("Hello")
    expect(page.get_by_label("Message")).to_be_editable()


def test_a_double_click_submits_once(page: Page, owner: Owner) -> None:
    posts = posts_of(page)
    fill_in(page, "double@example.org")
    page.get_by_role("button").dblclick()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "confirmed")
    assert len(posts) == 1
    assert len(owner.stored("contact", "double@example.org")) == 1


def test_the_next_submission_has_another_key(page: Page, owner: Owner) -> None:
    posts = posts_of(page)
    for _ in range(2):
        fill_in(page, "twice@example.org")
        page.get_by_role("button").click()
        expect(page.get_by_role("status")).to_have_attribute("data-state", "confirmed")
    assert key_of(posts[0]) != key_of(posts[1])
    assert len(owner.stored("contact", "twice@example.org")) == 2


def test_without_javascript_the_form_posts_by_itself(visit: Visit, owner: Owner) -> None:
    page = visit("snippet.html", OURS, javascript=False)
    fill_in(page, "plain@example.org")
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", name="Accepted")).to_be_visible()
    assert "/receipts/" in page.url
    owner.await_stored("contact", "plain@example.org")


def test_it_goes_where_next_says(page: Page, site: Site, owner: Owner) -> None:
    thanks = site.put("/thanks.html", "<h1>Thank you</h1>")
    page.evaluate("to => document.forms[0].insertAdjacentHTML('beforeend', `<input type=hidden name=_next>`)")
    page.locator("[name=_next]").evaluate("(input, to) => input.value = to", thanks)
    fill_in(page, "next@example.org")
    page.get_by_role("button").click()
    page.wait_for_url(thanks)
    assert "_next" not in owner.await_stored("contact", "next@example.org")


def test_a_page_may_take_over_after_acceptance(page: Page) -> None:
    page.evaluate("addEventListener('counterfoil:accepted', (event) => event.preventDefault())")
    fill_in(page, "own@example.org")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("Received. Receipt")
    assert "receipt" not in [name for name, _ in page.evaluate("told")]


def test_a_multipart_form_is_sent_as_multipart(page: Page, owner: Owner) -> None:
    posts = posts_of(page)
    page.locator("form").evaluate("form => form.enctype = 'multipart/form-data'")
    fill_in(page, "parts@example.org")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "confirmed")
    assert (posts[0].header_value("content-type") or "").startswith("multipart/form-data;")
    owner.await_stored("contact", "parts@example.org")


def test_a_strict_policy_of_the_page_needs_to_name_the_gateway_only(
    page: Page, site: Site, installation: Installation, owner: Owner
) -> None:
    ours = installation.gateway_url
    policy = f"default-src 'none'; script-src {ours} {site.origin}; connect-src {ours}; form-action {ours}"
    page.goto(site.put("/strict.html", page.content(), {"Content-Security-Policy": policy}))
    complaints = complaints_of(page)
    fill_in(page, "strict@example.org")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "confirmed")
    assert complaints == []


def test_texts_are_the_page_s_own_where_it_has_some(page: Page) -> None:
    page.locator("form").evaluate("form => Object.assign(form.dataset, {confirmed: 'Bestätigt.', receipt: 'Beleg'})")
    fill_in(page, ADDRESS)
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("Bestätigt. Beleg")
