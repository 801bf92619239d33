"""The pages by WCAG 2.2 AA and axe-core's good practice, on a phone, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from shared.files import MemoryFiles
from support.browsing import wrong_with
from support.gateway_app import FORMS, Gateway, Receipts
from support.hosted import hosted

LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 2
HOSTILE = f"""
[forms.hostile]
title = "<script>alert(1)</script> \U0001f39f {LONG}"
fields.name = {{type = "text", required = true, label = "البريد الإلكتروني", help = "{LONG}"}}
fields.size = {{type = "choice", choices = ["{LONG}", "שלום"], required = true, label = "{LONG}"}}
[forms.files]
fields.cv = {{type = "file", label = "{LONG}", required = true, types = ["pdf"], help = "{LONG}"}}
fields.photos = {{type = "file", label = "תמונות", max_count = 9}}
fields.name = {{type = "text", required = true}}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, str]]:
    with hosted(tmp_path_factory.mktemp("hosted"), definitions=FORMS + HOSTILE, files=MemoryFiles()) as served:
        yield served


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    scheme: Literal["light", "dark"] = request.param
    # the policy of the pages is bypassed for the checker's own script
    context = browser.new_context(bypass_csp=True, color_scheme=scheme, viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", ["/", "/openapi", "/nothing", "/f/signup", "/f/types", "/f/hostile", "/f/files"])
def test_a_page_is_open_to_everybody(served: tuple[Gateway, str], page: Page, path: str) -> None:
    answer = page.goto(served[1] + path)
    assert answer is not None
    assert answer.status == (404 if path == "/nothing" else 200)
    assert wrong_with(page) == []


@pytest.mark.parametrize("by_script", [True, False])
def test_a_page_with_errors_is(served: tuple[Gateway, str], page: Page, by_script: bool) -> None:
    page.goto(f"{served[1]}/f/hostile")
    without = "form.removeAttribute('data-counterfoil')"
    page.locator("form").evaluate(f"form => {{ form.noValidate = true; {'' if by_script else without} }}")
    page.get_by_role("button").click()
    expect(page.locator(".counterfoil-errors")).to_be_focused()
    assert wrong_with(page) == []


@pytest.mark.parametrize("by_script", [True, False])
def test_a_page_that_asks_for_files_again_is(served: tuple[Gateway, str], page: Page, by_script: bool) -> None:
    page.goto(f"{served[1]}/f/files")
    without = "form.removeAttribute('data-counterfoil')"
    page.locator("form").evaluate(f"form => {{ form.noValidate = true; {'' if by_script else without} }}")
    chosen = [FilePayload(name=f"{LONG}{name}", mimeType="image/png", buffer=b"text") for name in ("א.txt", "b.txt")]
    page.locator("[name=photos]").set_input_files(chosen)
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".counterfoil-errors")).to_be_focused()
    expect(page.locator(".again")).to_have_count(0 if by_script else 1)
    assert wrong_with(page) == []


@pytest.mark.parametrize(("state", "attempts"), [("sent", 1), ("failed", 3), ("failed", 0), ("retrying", 2)])
def test_a_receipt_is(served: tuple[Gateway, str], page: Page, state: str, attempts: int) -> None:
    gateway, url = served
    at = "2026-11-22T17:03:45Z"
    confirmation = {"channel": "email", "state": state, "attempts": attempts, "at": at}
    Receipts({"stored_at": at, "fingerprint": "f"}, [confirmation]).serve(gateway.broker)
    page.goto(f"{url}/receipts/{gateway.submitted()['receipt_url'].rpartition('/')[2]}")
    assert wrong_with(page) == []
