"""The receipt's page in a browser: the same words live and after a reload, on paper, and in colours of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from support.gateway_app import Gateway, Receipts
from support.hosted import hosted

STORED = "2026-11-22T17:03:45.000001Z"
CHANGED = "2026-11-22T17:03:46Z"
ENDS = [("sent", 1), ("failed", 3), ("failed", 0)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, str]]:
    with hosted(tmp_path_factory.mktemp("hosted")) as served:
        yield served


@pytest.fixture
def told(served: tuple[Gateway, str]) -> Receipts:
    receipts = Receipts()
    receipts.serve(served[0].broker)
    return receipts


def open_receipt(served: tuple[Gateway, str], browser: Browser, **options: Any) -> Page:
    gateway, url = served
    page = browser.new_context(**options).new_page()
    page.goto(f"{url}/receipts/{gateway.submitted()['receipt_url'].rpartition('/')[2]}")
    return page


def end(told: Receipts, state: str = "sent", attempts: int = 1) -> None:
    told.stored = {"stored_at": STORED, "accepted_at": "2026-11-22T17:03:44Z", "fingerprint": "f"}
    told.confirmations = [{"channel": "email", "state": state, "attempts": attempts, "at": CHANGED}]


@pytest.mark.parametrize(("state", "attempts"), ENDS)
@pytest.mark.parametrize(
    ("zone", "time"),
    [
        ("Pacific/Auckland", "23 November 2026, 06:03:45 GMT+13"),
        ("Europe/Berlin", "22 November 2026, 18:03:45 CET"),
        ("UTC", "22 November 2026, 17:03:45 UTC"),
    ],
)
def test_it_says_the_same_live_and_after_a_reload(
    served: tuple[Gateway, str],
    told: Receipts,
    browser: Browser,
    zone: str,
    time: str,
    state: str,
    attempts: int,
) -> None:
    page = open_receipt(served, browser, timezone_id=zone, locale="de-DE")
    receipt = page.locator("#receipt")
    expect(receipt).to_contain_text("Waiting to be written down.", use_inner_text=True)
    end(told, state, attempts)
    expect(page.locator("#step-stored")).to_contain_text("It is written down", use_inner_text=True)
    expect(page.get_by_role("heading", name="Confirmation", exact=True)).to_have_count(0)
    live = receipt.inner_text()
    page.reload()
    assert receipt.inner_text() == live
    expect(page.locator("#step-stored time")).to_have_text(time)
    assert page.locator("#step-confirmed h2").inner_text() == ("Confirmed" if state == "sent" else "Not confirmed")
    page.context.close()


@pytest.mark.parametrize(
    ("attempts", "text"),
    [(3, "Stored, but the confirmation could not be mailed."), (0, "Stored; no confirmation has been sent.")],
)
def test_counterfoil_js_does_not_call_undeliverable_what_was_never_tried(
    served: tuple[Gateway, str], told: Receipts, browser: Browser, attempts: int, text: str
) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{served[1]}/f/signup")
    page.locator("form").evaluate("form => form.removeAttribute('data-then')")
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("Received.")
    end(told, "failed", attempts)
    expect(page.get_by_role("status")).to_contain_text(text)
    page.context.close()


def test_without_script_its_times_name_their_zone(
    served: tuple[Gateway, str], told: Receipts, browser: Browser
) -> None:
    end(told)
    page = open_receipt(served, browser, java_script_enabled=False, timezone_id="Europe/Berlin")
    expect(page.locator("#step-stored time")).to_have_text("22 November 2026, 17:03:45 UTC")
    page.context.close()


MEDIA: list[dict[str, Literal["print", "active", "dark"]]] = [
    {"media": "print"},
    {"media": "print", "color_scheme": "dark"},
    {"forced_colors": "active"},
    {"forced_colors": "active", "color_scheme": "dark"},
]


@pytest.mark.parametrize("media", MEDIA)
def test_ticks_edges_and_buttons_need_no_background(
    served: tuple[Gateway, str], told: Receipts, browser: Browser, media: dict[str, Any]
) -> None:
    end(told)
    page = open_receipt(served, browser)
    page.emulate_media(**media)
    for step in ("accepted", "stored", "confirmed"):
        tick = page.locator(f"#step-{step} .tick")
        expect(tick).to_be_visible()
        assert style(page, f"#step-{step} .tick", "stroke") == style(page, f"#step-{step}", "color")
        assert style(page, f"#step-{step} .mark circle", "fill") == "none"
    assert style(page, ".ticket", "border-top") == style(page, ".ticket", "border-left")
    assert style(page, ".ticket", "border-top-style") == "solid"
    assert style(page, ".stub", "border-right-style") == "dashed"
    page.goto(f"{served[1]}/f/signup")
    paper = "rgb(255, 255, 255)" if "print" in media.values() else style(page, "body", "background-color")
    for part in (".button", ".stub"):
        assert style(page, part, "color") != paper
    assert style(page, ".button", "border-top-color") == style(page, ".button", "color")
    page.context.close()


def style(page: Page, selector: str, name: str) -> str:
    script = "([selector, name]) => getComputedStyle(document.querySelector(selector)).getPropertyValue(name)"
    found: str = page.evaluate(script, [selector, name])
    return found
