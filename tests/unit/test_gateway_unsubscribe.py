"""Whoever wants no more mails presses a button, or their mail program does (RFC 8058); looking does nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shared.contracts import AddressSuppressed
from shared.links.addresses import AddressKey
from shared.links.unsubscribe import PATH, Unsubscribe, UnsubscribeLinks
from shared.messaging.topology import NOTIFY_ADDRESSES
from support.confirmations import Clock
from support.gateway_app import SECRET, Gateway, a_gateway, document_of, errors_of
from support.receipts import AT, PAGE
from support.shown import words_of

LINK = Unsubscribe(AddressKey(SECRET).of("ada@example.org"), "contact", "digests", "a…@example.org")
URL = f"{PATH}{UnsubscribeLinks(SECRET).sign(LINK)}"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def clock() -> Clock:
    return Clock(AT)


@pytest.fixture
def gateway(tmp_path: Path, clock: Clock) -> Gateway:
    return a_gateway(tmp_path, clock=clock)


def told(gateway: Gateway) -> list[AddressSuppressed]:
    return [AddressSuppressed.decode(one.body) for one in gateway.broker.queued(NOTIFY_ADDRESSES.name)]


def test_a_scanner_that_fetches_every_link_unsubscribes_nobody(gateway: Gateway) -> None:
    for method in ("GET", "HEAD"):
        answer = gateway.client.open(URL, method=method, headers=PAGE)
        assert answer.status_code == 200
    assert told(gateway) == []
    page = gateway.client.get(URL, headers=PAGE)
    words = words_of(page.text)
    assert "No more of these mails?" in words
    assert "a…@example.org" in words
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_one_click_without_cookie_or_origin_is_enough(gateway: Gateway) -> None:
    answer = gateway.client.post(URL, data=ONE_CLICK)
    assert answer.status_code == 200, "a redirect is not followed (RFC 8058)"
    assert document_of(answer) == {"ok": True, "form": "contact", "unsubscribed": True}
    [event] = told(gateway)
    assert (event.address_hash, event.form, event.stops, event.shown) == (
        LINK.address_hash,
        "contact",
        "digests",
        "a…@example.org",
    )
    assert event.at == AT
    assert "Set-Cookie" not in answer.headers


def test_one_click_in_parts_and_from_another_site_is_taken_too(gateway: Gateway) -> None:
    answer = gateway.client.post(
        URL, data=ONE_CLICK, content_type="multipart/form-data", headers={"Origin": "https://mail.example.com"}
    )
    assert answer.status_code == 200
    assert len(told(gateway)) == 1


def test_the_button_of_the_page_says_what_came_of_it(gateway: Gateway) -> None:
    answer = gateway.client.post(URL, data=ONE_CLICK, headers=PAGE)
    assert "You are unsubscribed" in words_of(answer.text)
    german = gateway.client.post(URL, data=ONE_CLICK, headers={**PAGE, "Accept-Language": "de-AT,en;q=0.5"})
    assert "Sie sind abgemeldet" in words_of(german.text)
    assert '<html lang="de">' in german.text


def test_what_was_just_taken_is_not_published_again(gateway: Gateway, clock: Clock) -> None:
    for _ in range(3):
        assert gateway.client.post(URL, data=ONE_CLICK).status_code == 200
    assert len(told(gateway)) == 1
    clock.now += timedelta(minutes=1)
    gateway.client.post(URL, data=ONE_CLICK)
    assert len(told(gateway)) == 2, "an owner may have taken it back meanwhile"


def test_without_the_brokers_word_it_is_no_promise(gateway: Gateway) -> None:
    gateway.broker.refusal = "timeout"
    answer = gateway.client.post(URL, data=ONE_CLICK)
    assert (answer.status_code, errors_of(answer)) == (503, [("UNAVAILABLE", None)])
    assert answer.headers["Retry-After"]
    page = gateway.client.post(URL, data=ONE_CLICK, headers=PAGE)
    assert page.status_code == 503
    assert "Try again" in words_of(page.text)
    gateway.broker.refusal = None
    assert gateway.client.post(URL, data=ONE_CLICK).status_code == 200
    assert len(told(gateway)) == 1


@pytest.mark.parametrize(
    "token",
    [
        "x",
        URL.removeprefix(PATH)[:-1],
        URL.removeprefix(PATH).replace("digests", "all"),
        UnsubscribeLinks("another secret").sign(LINK),
        "a" * 2000,
        "%00.%C3%A9",
    ],
)
def test_a_link_that_was_forged_or_cut_says_so_and_does_nothing(gateway: Gateway, token: str) -> None:
    for answer in (gateway.client.get(f"{PATH}{token}"), gateway.client.post(f"{PATH}{token}", data=ONE_CLICK)):
        assert (answer.status_code, errors_of(answer)) == (404, [("UNSUBSCRIBE_NOT_FOUND", None)])
    page = gateway.client.get(f"{PATH}{token}", headers=PAGE)
    assert page.status_code == 404
    assert "This link is not complete" in words_of(page.text)
    assert told(gateway) == []


def test_of_a_form_that_is_gone_it_works_all_the_same(gateway: Gateway) -> None:
    old = Unsubscribe(LINK.address_hash, "long-gone", "digests", "é…@example.org")
    answer = gateway.client.post(f"{PATH}{UnsubscribeLinks(SECRET).sign(old)}", data=ONE_CLICK, headers=PAGE)
    assert answer.status_code == 200
    assert "é…@example.org" in words_of(answer.text)
    assert [event.form for event in told(gateway)] == ["long-gone"]


def test_a_link_is_read_as_it_was_signed_and_fits_into_a_line() -> None:
    longest = Unsubscribe("f" * 64, "f" * 64, "digests", "ü…@" + "d" * 300)
    token = UnsubscribeLinks(SECRET).sign(longest)
    read = UnsubscribeLinks(SECRET).read(token)
    assert read is not None
    assert read.shown == longest.shown[:80]
    assert len(token) < 500
