"""The pages by WCAG 2.2 AA and axe-core's good practice, on a phone, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browsing import wrong_with
from support.gateway_app import FORMS, Gateway, Receipts
from support.hosted import hosted

LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 2
HOSTILE = f"""
[forms.hostile]
title = "<script>alert(1)</script> \U0001f39f {LONG}"
fields.name = {{type = "text", required = true, label = "البريد الإلكتروني", help = "{LONG}"}}
fields.size = {{type = "choice", choices = ["{LONG}", "שלום"], required = true, label = "{LONG}"}}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, str]]:
    with hosted(tmp_path_factory.mktemp("hosted"), definitions=FORMS + HOSTILE) as served:
        yield served


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    scheme: Literal["light", "dark"] = request.param
    # the policy of the pages is bypassed for the checker's own script
    context = browser.new_context(bypass_csp=True, color_scheme=scheme, viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", ["/", "/openapi", "/nothing", "/f/signup", "/f/types", "/f/hostile"])
def test_a_page_is_open_to_everybody(served: tuple[Gateway, str], page: Page, path: str) -> None:
    page.goto(served[1] + path)
    assert wrong_with(page) == []


@pytest.mark.parametrize("by_script", [True, False])
def test_a_page_with_errors_is(served: tuple[Gateway, str], page: Page, by_script: bool) -> None:
    page.goto(f"{served[1]}/f/hostile")
    without = "form.removeAttribute('data-counterfoil')"
    page.locator("form").evaluate(f"form => {{ form.noValidate = true; {'' if by_script else without} }}")
    page.get_by_role("button").click()
    expect(page.locator(".counterfoil-errors")).to_be_focused()
    assert wrong_with(page) == []


@pytest.mark.parametrize(("state", "attempts"), [("sent", 1), ("failed", 3), ("failed", 0), ("retrying", 2)])
def test_a_receipt_is(served: tuple[Gateway, str], page: Page, state: str, attempts: int) -> None:
    gateway, url = served
    at = "2026-11-22T17:03:45Z"
    confirmation = {"channel": "email", "state": state, "attempts": attempts, "at": at}
    Receipts({"stored_at": at, "fingerprint": "f"}, [confirmation]).serve(gateway.broker)
    page.goto(f"{url}/receipts/{gateway.submitted()['receipt_url'].rpartition('/')[2]}")
    assert wrong_with(page) == []
