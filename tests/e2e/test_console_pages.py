"""The console's pages through the gateway, from processes as they run."""

from __future__ import annotations

import pytest
import requests

from shared import database
from storage_service.accounts.accounts import accounts_of
from storage_service.accounts.roles import Grant
from support.console_pages import BY, PASSWORD, signed_in_at
from support.installation import Installation
from support.polling import eventually

EMAIL = "ada.of.the.pages@example.org"


@pytest.fixture(scope="module")
def account(whole: Installation) -> str:
    """An owner's address."""
    engine = database.create(whole.database_urls["storage"])
    try:
        accounts = accounts_of(engine)
        accounts.passwords.set(accounts.users.add(EMAIL, [Grant("owner")], BY).id, PASSWORD, BY)
    finally:
        engine.dispose()
    return EMAIL


def test_somebody_signs_in_through_the_gateway_and_sees_their_account(whole: Installation, account: str) -> None:
    browser = signed_in_at(whole.gateway_url, account)
    page = browser.get(f"{whole.gateway_url}/console/account", timeout=20)
    assert (page.status_code, account in page.text) == (200, True)
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    style = next(part for part in page.text.split('"') if part.endswith("/console.css"))
    asset = browser.get(whole.gateway_url + style, timeout=20)
    assert asset.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (asset.headers["Content-Encoding"], asset.headers["Content-Type"]) == ("gzip", "text/css; charset=utf-8")
    assert "Set-Cookie" not in asset.headers


def test_a_session_opens_nothing_below_v1(whole: Installation, account: str) -> None:
    browser = signed_in_at(whole.gateway_url, account)
    assert browser.get(f"{whole.gateway_url}/v1/forms", timeout=20).status_code == 401


def test_who_is_signed_in_stays_so_when_the_console_is_killed(whole: Installation, account: str) -> None:
    browser = signed_in_at(whole.gateway_url, account)
    whole.consoles[0].kill()
    whole.consoles[0].start()
    address = f"{whole.gateway_url}/console/account"

    def is_there() -> bool:
        return browser.get(address, timeout=20, allow_redirects=False).status_code == 200

    eventually(is_there, 60, "the console answers again, and knows who it is")


@pytest.mark.parametrize("said", [{}, {"X-Forwarded-Proto": "https"}, {"X-Forwarded-Host": "localhost"}], ids=str)
def test_over_http_from_elsewhere_nobody_signs_in_whatever_they_say(whole: Installation, said: dict[str, str]) -> None:
    headers = {"Host": "forms.example.org", **said}
    answer = requests.get(f"{whole.gateway_url}/console/sign-in", headers=headers, timeout=20)
    assert answer.status_code == 403
    assert "https" in answer.text
    assert "Set-Cookie" not in answer.headers
