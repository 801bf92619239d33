"""Apprise makes a request and sends nothing: each scheme that may be used is one POST of plain text."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from notify_service.transports.http.push import Push, pushes
from shared.forms.chats import PUSHES

URLS = {
    "ntfy": "ntfy://ntfy.example.org:8080/topic",
    "ntfys": "ntfys://tk_aSecretOfNtfy@ntfy.example.org/topic",
    "gotify": "gotify://gotify.example.org/ATokenOfGotify",
    "gotifys": "gotifys://gotify.example.org/below/ATokenOfGotify",
    "pover": "pover://uQiRzpo4DXghDmr9QzzfQu27cmVRsG@azGDORePK8gMaC0QOYAMyEEuzJnyUi",
    "prowl": "prowl://" + "a" * 40,
    "pbul": "pbul://" + "b" * 32,
    "signal": "signal://signal.example.org:8080/+15550000001/+15550000002",
    "signals": "signals://signal.example.org/+15550000001/+15550000002",
}


@pytest.fixture(scope="module")
def found() -> Callable[[str], Push]:
    made = pushes()
    assert made, "apprise is not installed: see tests' requirements"
    return made


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("it looks for somebody"))


def test_each_scheme_has_its_example() -> None:
    assert set(URLS) == set(PUSHES)


@pytest.mark.parametrize("scheme", PUSHES)
def test_a_notification_is_one_request_with_its_title_and_its_body(found: Callable[[str], Push], scheme: str) -> None:
    push = found(URLS[scheme])
    assert push.body_most > 500
    request = push.request("A title" if push.title_most else "", "Ada <b>&amp; *x*</b>")
    parts = urlsplit(request.url)
    assert parts.scheme == ("http" if scheme in {"ntfy", "gotify", "signal"} else "https")
    assert parts.hostname
    body = request.body.decode()
    assert push.title_most == 0 or "title" in body
    assert "Ada" in body
    assert "aSecretOfNtfy" not in repr((push, request))


@pytest.mark.parametrize(
    "url", ["ntfys://ntfy.example.org/one/two", "pbul://" + "b" * 32 + "/#one/#two", "ntfys://ntfy.example.org/"]
)
def test_several_places_are_refused(found: Callable[[str], Push], url: str) -> None:
    with pytest.raises(ValueError, match=r"expected one topic|makes nothing of"):
        found(url).request("A", "b")


@pytest.mark.parametrize("asked", ["?format=markdown", "?format=html", ""])
@pytest.mark.parametrize("scheme", PUSHES)
def test_markup_is_never_asked_for(found: Callable[[str], Push], scheme: str, asked: str) -> None:
    request = found(URLS[scheme] + asked).request("", "Ada <b>*x*</b>")
    assert not any("markdown" in f"{name}{value}".lower() for name, value in request.headers.items())
    assert not re.search(r"html|markdown|extras|styled", request.body.decode())


@pytest.mark.parametrize("url", ["gotifys://", "pover://x", "ntfys://[", "gotifys://a b/c"])
def test_what_leads_nowhere_is_refused_and_not_shown(found: Callable[[str], Push], url: str) -> None:
    with pytest.raises(ValueError, match=r"makes nothing of|none or to several") as raised:
        found(url).request("A", "b")
    assert url not in str(raised.value)


def test_nothing_is_logged(found: Callable[[str], Push], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for url in URLS.values():
        found(url).request("A title", "what was typed")
    assert "what was typed" not in caplog.text
    assert "aSecretOfNtfy" not in caplog.text


def test_two_threads_do_not_get_each_others_requests(found: Callable[[str], Push]) -> None:
    def made(number: int) -> bool:
        url = f"ntfys://host-{number}.example.org/topic"
        return urlsplit(found(url).request("A", f"b{number}").url).hostname == f"host-{number}.example.org"

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(made, range(200)))


def test_outside_of_a_notification_nothing_is_posted(found: Callable[[str], Push]) -> None:
    push = found(URLS["ntfys"])
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it is, nothing was sent
        push.notepad.post("https://example.org/")
