"""What Chromium itself says of a page, and lets its scripts read: another site than the gateway's."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from clients.conftest import Visit
from support.installation import Installation
from support.owner import Owner
from support.site import Site
from support.typing_in import fill_in

OURS = {"https://forms.example.org": ""}
POST = """async ([url, body, headers]) => {
  const response = await fetch(url, { method: "POST", body, headers, credentials: "include" });
  return [response.status, (await response.json()).ok];
}"""


@pytest.fixture
def page(visit: Visit) -> Page:
    return visit("snippet.html", OURS)


@pytest.mark.parametrize(
    ("path", "body", "headers", "answer"),
    [
        (
            "contact",
            "name=A&email=cors@example.org",
            {"Content-Type": "application/x-www-form-urlencoded"},
            [202, True],
        ),
        ("contact/", '{"name": "A", "email": "cors@example.org"}', {"Content-Type": "application/json"}, [202, True]),
        ("contact", "{", {"Content-Type": "application/json", "baggage": "a=b", "sentry-trace": "1-2-1"}, [400, False]),
        ("elsewhere", "{}", {"Content-Type": "application/json"}, [403, False]),
        ("nothing", "{}", {"Content-Type": "application/json", "traceparent": "00-1-1-00"}, [404, False]),
        ("contact/captcha", "{}", {}, [405, False]),
        ("contact", "hello", {}, [415, False]),
    ],
)
def test_a_script_that_sends_credentials_reads_every_answer(
    page: Page, installation: Installation, path: str, body: str, headers: dict[str, str], answer: list[object]
) -> None:
    assert page.evaluate(POST, [f"{installation.gateway_url}/f/{path}", body, headers]) == answer


def test_a_beacon_is_taken_where_the_form_says_so(page: Page, installation: Installation, owner: Owner) -> None:
    url = f"{installation.gateway_url}/f/beacons"
    page.evaluate("url => navigator.sendBeacon(url, 'email=beacon@example.org&message=a+b')", url)
    assert owner.await_stored("beacons", "beacon@example.org")["message"] == "a b"
    json = '{"email": "no-cors@example.org", "message": "a b"}'
    page.evaluate("([url, body]) => fetch(url, {method: 'POST', mode: 'no-cors', body})", [url, json])
    assert owner.await_stored("beacons", "no-cors@example.org")["message"] == "a b"


@pytest.mark.parametrize("policy", ["no-referrer", "same-origin"])
@pytest.mark.parametrize("form", ["contact", "hidden"])
def test_a_page_that_hides_where_it_is_is_taken_where_the_form_says_so(
    page: Page, site: Site, owner: Owner, policy: str, form: str
) -> None:
    page.goto(site.put("/hiding.html", page.content(), {"Referrer-Policy": policy}))
    page.locator("form").evaluate("form => form.removeAttribute('data-counterfoil')")
    page.locator("form").evaluate("(form, name) => form.action = form.action.replace('contact', name)", form)
    fill_in(page, f"{policy}@example.org")
    page.get_by_role("button").click()
    if form == "hidden":
        page.wait_for_url("**/receipts/*")
        owner.await_stored("hidden", f"{policy}@example.org")
    else:
        expect(page.get_by_role("heading")).to_contain_text("did not say its own")


@pytest.mark.parametrize(
    ("wanted", "script", "ends"),
    [
        ("thanks.html", True, "/shop/thanks.html"),
        ("/shop/thanks.html", True, "/shop/thanks.html"),
        ("/shop/thanks.html", False, "/shop/thanks.html"),
        ("thanks.html", False, "/thanks.html"),
    ],
)
def test_a_relative_next_leads_beside_the_page(page: Page, site: Site, wanted: str, script: bool, ends: str) -> None:
    """Without the script as far as a browser tells of the page, which is its origin."""
    for path in ("/thanks.html", "/shop/thanks.html"):
        site.put(path, "<h1>Thank you</h1>")
    page.goto(site.put("/shop/contact.html", page.content()))
    page.locator("form").evaluate(
        """(form, [wanted, script]) => {
          form.insertAdjacentHTML("beforeend", `<input type=hidden name=_next value="${wanted}">`);
          if (!script) form.removeAttribute("data-counterfoil");
        }""",
        [wanted, script],
    )
    fill_in(page, "next-to@example.org")
    page.get_by_role("button").click()
    page.wait_for_url(site.origin + ends)


def test_what_is_typed_is_kept_from_the_first_key_on(page: Page) -> None:
    page.get_by_label("Message").press_sequentially("Hi")
    page.get_by_label("praise").check()
    page.reload()
    expect(page.get_by_label("Message")).to_have_value("Hi")
    expect(page.get_by_label("praise")).to_be_checked()
    expect(page.get_by_label("Name")).to_have_value("")
    expect(page.get_by_role("status")).to_have_count(0)
