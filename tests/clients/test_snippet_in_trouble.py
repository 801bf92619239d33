"""counterfoil.js when the gateway cannot promise anything: what was typed is kept, and accepted once in the end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from clients.conftest import Visit, install
from dev.broker import Broker
from dev.mail_sink import MailSink
from support.installation import Installation
from support.owner import Owner
from support.polling import eventually
from support.posts import key_of, posts_of
from support.registry import await_written_down
from support.site import Site
from support.typing_in import fill_in

OURS = {"https://forms.example.org": ""}
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
POST = re.compile(r"/f/contact(\?|$)")
BACK_MS = 30_000
REFUSED_STREAM = """() => { window.EventSource = class extends EventTarget {
  static CLOSED = 2;
  readyState = 2;
  constructor() { super(); setTimeout(() => this.dispatchEvent(new Event("error"))); }
}; }"""


@pytest.fixture
def frail(tmp_path: Path, mortal_broker: Broker, client_sink: MailSink, site: Site) -> Iterator[Installation]:
    """An installation on a broker that may be killed."""
    with install(tmp_path / "frail", mortal_broker, client_sink, site) as installation:
        await_written_down(mortal_broker, installation.broker_url)
        yield installation


def test_an_outage_loses_nothing_and_doubles_nothing(
    visit: Visit, frail: Installation, mortal_broker: Broker, client_sink: MailSink
) -> None:
    page = visit("snippet.html", OURS, gateway_url=frail.gateway_url)
    posts = posts_of(page)
    fill_in(page, "outage@example.org", message="Three\nlines\nof it")
    page.get_by_label("praise").check()
    mortal_broker.kill()
    page.get_by_role("button").click()
    status = page.get_by_role("status")
    expect(status).to_have_attribute("data-state", "waiting")
    assert [answer.status for answer in (post.response() for post in posts) if answer] == [503]
    expect(page.get_by_label("Message")).to_have_value("Three\nlines\nof it")

    page.reload()
    expect(page.get_by_label("Message")).to_have_value("Three\nlines\nof it")
    expect(page.get_by_label("praise")).to_be_checked()
    eventually(lambda: page.evaluate("1") and len(posts) >= 2, 20, "it is sent again after the reload")
    mortal_broker.start()
    expect(status).to_have_attribute("data-state", "confirmed", timeout=BACK_MS)
    assert len({key_of(post) for post in posts}) == 1
    (stored,) = Owner(frail, client_sink).stored("contact", "outage@example.org")
    assert stored["fields"]["message"].splitlines() == ["Three", "lines", "of it"]
    expect(page.get_by_label("Message")).to_have_value("")


def test_a_network_that_is_away_is_waited_for(visit: Visit, owner: Owner) -> None:
    page = visit("snippet.html", OURS)
    posts = posts_of(page)
    fill_in(page, "offline@example.org")
    page.context.set_offline(True)
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "waiting")
    page.context.set_offline(False)
    expect(page.get_by_role("status")).to_have_attribute("data-state", "confirmed", timeout=BACK_MS)
    assert len({key_of(post) for post in posts}) == 1
    assert len(owner.stored("contact", "offline@example.org")) == 1


def test_retry_after_is_honoured(visit: Visit) -> None:
    page = visit("snippet.html", OURS)
    refusals = iter([(429, "2"), (502, "soon")])

    def refuse_at_first(route: Route) -> None:
        status, after = next(refusals, (None, ""))
        if status is None:
            route.continue_()
        else:
            route.fulfill(status=status, headers={**CORS, "Retry-After": after}, body="<h1>Not now</h1>")

    page.route(POST, refuse_at_first)
    fill_in(page, "later@example.org")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "confirmed", timeout=BACK_MS)
    waits = [detail["seconds"] for name, detail in page.evaluate("told") if name == "waiting"]
    assert len(waits) == 2
    for least, waited in zip((2, 2), waits, strict=True):
        assert least <= waited <= 1.5 * least


def test_a_refusal_after_a_lost_answer_keeps_the_key(visit: Visit, owner: Owner) -> None:
    page = visit("snippet.html", OURS)
    posts = posts_of(page)
    page.locator("form").evaluate("form => form.insertAdjacentHTML('beforeend', '<input type=hidden name=_language>')")

    def lose_then_refuse(route: Route) -> None:
        if len(posts) == 1:
            route.fetch()  # it is accepted, and the page never hears of it
            route.abort()
        elif len(posts) == 2:
            route.fulfill(status=422, headers=CORS, json={"error": "Please solve the captcha again."})
        else:
            route.continue_()

    page.route(POST, lose_then_refuse)
    fill_in(page, "lost@example.org")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("Please solve the captcha again.")
    page.locator("[name=_language]").evaluate("field => field.value = 'en'")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "confirmed", timeout=BACK_MS)
    assert len({key_of(post) for post in posts}) == 1
    assert len(owner.stored("contact", "lost@example.org")) == 1


def test_what_is_not_kept_in_the_browser_has_its_key_as_long_as_the_page(visit: Visit) -> None:
    page = visit("snippet.html", OURS)
    posts = posts_of(page)
    page.get_by_label("Message").evaluate("one => one.dataset.sensitive = ''")

    def lose_then_refuse(route: Route) -> None:
        if len(posts) == 1:
            route.abort()
        else:
            route.fulfill(status=422, headers=CORS, json={"error": "Please solve the captcha again."})

    page.route(POST, lose_then_refuse)
    fill_in(page, "unsure@example.org")
    for count in (2, 3):
        page.get_by_role("button").click()
        eventually(lambda count=count: page.evaluate("1") and len(posts) >= count, 20, "it is posted")  # type: ignore[misc]
        expect(page.get_by_role("status")).to_have_text("Please solve the captcha again.")
        fill_in(page, f"unsure-{count}@example.org")
    assert len({key_of(post) for post in posts}) == 1
    assert page.evaluate("JSON.stringify(sessionStorage)") == "{}"


def test_what_a_captcha_puts_into_the_form_hides_nothing_that_was_typed(visit: Visit) -> None:
    page = visit("snippet.html", OURS)
    page.locator("form").evaluate("form => form.insertAdjacentHTML('afterbegin', '<textarea name=token></textarea>')")
    fill_in(page, "kept@example.org", message="All of it")
    page.get_by_label("praise").check()
    page.reload()
    expect(page.get_by_label("Message")).to_have_value("All of it")
    expect(page.get_by_label("praise")).to_be_checked()
    expect(page.get_by_label("question")).not_to_be_checked()


CLOBBERING = [
    *("action", "elements", "dataset", "inert", "enctype", "method", "id", "reset", "submit", "counterfoil"),
    *("after", "prepend", "querySelector", "querySelectorAll", "dispatchEvent"),
]
"""Names of what a form has itself, in whose place a field of that name stands; `matches` and `getAttribute` would
hinder Playwright."""


def test_fields_may_be_called_as_what_a_form_has_itself(visit: Visit) -> None:
    page = visit("snippet.html", OURS)
    page.evaluate(
        """names => { for (const name of names)
        document.querySelector("textarea").insertAdjacentHTML("afterend", `<input type=hidden name=${name}>`); }""",
        CLOBBERING,
    )
    refusal = {"error": "Not now.", "errors": []}
    page.route(POST, lambda route: route.fulfill(status=403, headers=CORS, json=refusal))
    fill_in(page, "focus@example.org")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("Not now.")
    expect(page.get_by_role("button")).to_be_focused()
    page.unroute(POST)
    wrong = {"error": "", "errors": [{"field": "email", "message": "Is no address."}]}
    page.route(POST, lambda route: route.fulfill(status=422, headers=CORS, json=wrong))
    page.get_by_role("button").click()
    expect(page.get_by_role("alert").get_by_role("link")).to_have_text("Is no address.")
    fill_in(page, "mended@example.org")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.unroute(POST)
    page.evaluate(
        "document.querySelectorAll('[type=hidden]').forEach(one => one.disabled = true)"
    )  # the form has no such
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "confirmed")
    expect(page.get_by_label("Message")).to_have_value("")


def test_a_rate_limit_is_waited_out(visit: Visit) -> None:
    page = visit("snippet.html", {"https://forms.example.org/f/contact": "/f/twice", **OURS})
    for state in ("confirmed", "waiting"):
        fill_in(page, "often@example.org")
        page.get_by_role("button").click()
        expect(page.get_by_role("status")).to_have_attribute("data-state", state)
    (waits,) = [detail["seconds"] for name, detail in page.evaluate("told") if name == "waiting"]
    assert waits > 60, "the page may read Retry-After"


def test_what_a_proxy_refuses_for_good_is_not_sent_again(visit: Visit) -> None:
    page = visit("snippet.html", OURS)
    posts = posts_of(page)
    page.route(POST, lambda route: route.fulfill(status=413, headers=CORS, body="<h1>No</h1>"))
    fill_in(page, "large@example.org")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("This could not be sent.")
    expect(page.get_by_label("Email")).to_have_value("large@example.org")
    assert len(posts) == 1


def test_a_page_that_is_no_answer_counts_as_none(visit: Visit, owner: Owner) -> None:
    page = visit("snippet.html", OURS)
    portal = iter([True])

    def answer(route: Route) -> None:
        if next(portal, False):
            route.fulfill(status=200, headers=CORS, body="<h1>Welcome to our network. Please log in.</h1>")
        else:
            route.continue_()

    page.route(POST, answer)
    fill_in(page, "portal@example.org")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "confirmed", timeout=BACK_MS)
    assert len(owner.stored("contact", "portal@example.org")) == 1


def test_it_asks_for_the_receipt_where_the_stream_is_refused(visit: Visit) -> None:
    page = visit("snippet.html", OURS)
    page.evaluate(REFUSED_STREAM)  # page.route would answer the preflight of what follows, too
    fill_in(page, "poll@example.org")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "confirmed", timeout=BACK_MS)


def test_what_was_refused_is_there_after_a_reload_and_not_sent_by_itself(visit: Visit) -> None:
    page: Page = visit("snippet.html", OURS)
    posts = posts_of(page)
    fill_in(page, "nowhere", message="Kept")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "refused")
    page.reload()
    expect(page.get_by_label("Message")).to_have_value("Kept")
    assert len(posts) == 1


def test_what_is_marked_as_sensitive_is_not_kept_in_the_browser(visit: Visit) -> None:
    page: Page = visit("snippet.html", OURS)
    page.get_by_label("Message").evaluate("one => one.closest('p, label, form').dataset.sensitive = ''")
    fill_in(page, "nowhere", message="DE02120300000000202051")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_attribute("data-state", "refused")
    assert page.evaluate("JSON.stringify(sessionStorage)") == "{}"
    page.reload()
    expect(page.get_by_label("Message")).to_have_value("")
