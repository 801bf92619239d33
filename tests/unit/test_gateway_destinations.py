"""Where a browser goes after a submission: to the gateway itself or to an allowed origin, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.forms.origins import Origins
from shared.forms import Form
from support.gateway_app import GOOD, Gateway, a_gateway, document_of

PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
ALLOWED = "https://www.example.org"
OWN = "http://localhost"
ORIGINS = Origins(Form("f", "F", allowed_origins=(ALLOWED, "https://müller.example", "https://port.example:443/")))


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path)


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        (f"{ALLOWED}/done?a=b#c", f"{ALLOWED}/done?a=b#c"),
        ("HTTPS://WWW.Example.Org/done", f"{ALLOWED}/done"),
        ("https://www.example.org:443/done", "https://www.example.org:443/done"),
        ("https://port.example/", "https://port.example/"),
        ("https://müller.example/danke", "https://xn--mller-kva.example/danke"),
        ("https://xn--mller-kva.example/", "https://xn--mller-kva.example/"),
        ("//www.example.org/done", f"{ALLOWED}/done"),
        ("/done", f"{ALLOWED}/done"),
        ("done", f"{ALLOWED}/forms/done"),
        ("?done", f"{ALLOWED}/forms/page?done"),
        ("../done", f"{ALLOWED}/done"),
        ("/dankeschön", f"{ALLOWED}/dankesch%C3%B6n"),
        (f"{OWN}/f/signup", f"{OWN}/f/signup"),
    ],
)
def test_what_may_be_gone_to(wanted: str, goes: str) -> None:
    assert ORIGINS.permitted(wanted, page=f"{ALLOWED}/forms/page", own=OWN) == goes


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "////evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "https:\\\\evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "https:www.example.org",
        "http:evil.example",
        "http://www.example.org/",
        "https://www.example.org:8443/",
        "https://www.example.org@evil.example/",
        "https://evil.example@www.example.org/",
        "https://www.example.org:x@evil.example/",
        "https://www.example.org.evil.example/",
        "https://www.example.org%2f@evil.example/",
        "https://www.example.org\uff0f.evil.example/",
        "https://www.example.org\u3002evil.example/",
        "https://evil\u3002example/",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)",
        "file:///etc/passwd",
        "ftp://www.example.org/",
        "mailto:a@example.org",
        " https://www.example.org/",
        "https://www.example.org/ ",
        "https://www.example.org/\u00a0",
        "/\t/evil.example",
        "/\n/evil.example",
        "/a\r\nSet-Cookie: a=b",
        "https://www.example.org\x00.evil.example/",
        "https://[",
        "https://[::1",
        "https://",
        "http://localhost:81/",
        "http://localhost@evil.example/",
        "",
    ],
)
def test_what_may_not(wanted: str) -> None:
    assert ORIGINS.permitted(wanted, page=f"{ALLOWED}/forms/page", own=OWN) is None
    assert ORIGINS.permitted(wanted, page=None, own=OWN) is None


_PARTS = st.sampled_from([":", "/", "\\", "@", "//", "https", "http", "evil.example", "www.example.org", ".", "?", "#"])
_BAD = st.sampled_from(["\t", " ", "\n", "\u3002", "\uff0f", "%2f", "[", "]", "\x00", "ⓔ", "javascript", "localhost"])


@given(st.lists(_PARTS | _BAD | st.characters(), max_size=10).map("".join), st.sampled_from([None, f"{ALLOWED}/a/b"]))
def test_whatever_is_asked_for_the_answer_stays_on_known_ground(wanted: str, page: str | None) -> None:
    goal = ORIGINS.permitted(wanted, page=page, own=OWN)
    if goal is not None:
        assert goal.isascii()
        assert not set(goal) & set("\r\n\t\\ ")
        parts = urlsplit(goal)
        assert parts.scheme in {"http", "https"}
        assert parts.hostname in {"www.example.org", "xn--mller-kva.example", "port.example", "localhost"}
        assert "@" not in parts.netloc


@pytest.mark.parametrize("field", ["_next", "_redirect"])
def test_a_browser_goes_there_and_a_program_is_told(gateway: Gateway, field: str) -> None:
    headers = {"Origin": ALLOWED, "Referer": f"{ALLOWED}/forms/page"}
    values = {"name": "Ada", field: "/done"}
    page = gateway.client.post("/f/contact", data=values, headers={**headers, **PAGE})
    assert (page.status_code, page.headers["Location"]) == (303, f"{ALLOWED}/done")
    assert document_of(gateway.client.post("/f/contact", data=values, headers=headers))["next"] == f"{ALLOWED}/done"


def test_what_is_not_allowed_goes_where_the_form_says_and_is_logged(
    gateway: Gateway, capfd: pytest.CaptureFixture[str]
) -> None:
    values = {"name": "Ada", "_next": "https://evil.example/?secret=1"}
    page = gateway.client.post("/f/contact", data=values, headers=PAGE)
    assert (page.status_code, page.headers["Location"]) == (303, f"{ALLOWED}/thanks")
    assert len(gateway.published()) == 1
    logged = capfd.readouterr().out
    assert "destination not allowed" in logged
    assert "secret" not in logged


def test_without_allowed_origins_only_our_own(gateway: Gateway) -> None:
    headers = {"Referer": "https://anywhere.example/page", **PAGE}
    away = gateway.client.post("/f/signup", data={**GOOD, "_next": "/thanks"}, headers=headers)
    assert away.headers["Location"].startswith("http://localhost/receipts/")
    own = gateway.client.post("/f/signup", data={**GOOD, "_next": "http://localhost/"}, headers=PAGE)
    assert own.headers["Location"] == "http://localhost/"


RECEIPT = "http://localhost/receipts/"
FULL, SHORT = {"Referer": f"{ALLOWED}/shop/contact.html"}, {"Referer": f"{ALLOWED}/"}
ORIGIN, HIDDEN = {"Origin": ALLOWED}, {"Origin": "null"}


@pytest.mark.parametrize(
    ("wanted", "page", "goes"),
    [
        ("thanks.html", FULL, f"{ALLOWED}/shop/thanks.html"),
        ("thanks.html", {**FULL, **ORIGIN}, f"{ALLOWED}/shop/thanks.html"),
        ("thanks.html", {**FULL, **HIDDEN}, f"{ALLOWED}/shop/thanks.html"),
        ("thanks.html", SHORT, f"{ALLOWED}/thanks.html"),
        ("/shop/thanks.html", SHORT, f"{ALLOWED}/shop/thanks.html"),
        ("/shop/thanks.html", ORIGIN, f"{ALLOWED}/shop/thanks.html"),
        ("/shop/thanks.html", {**ORIGIN, "Referer": ""}, f"{ALLOWED}/shop/thanks.html"),
        ("/thanks.html", {}, RECEIPT),
        ("thanks.html", {}, RECEIPT),
        ("//www.example.org/thanks.html", {}, RECEIPT),
        ("/thanks.html", {**HIDDEN, "Sec-Fetch-Site": "same-site"}, RECEIPT),
        (f"{ALLOWED}/thanks.html", {}, f"{ALLOWED}/thanks.html"),
    ],
)
def test_a_relative_one_is_relative_to_the_page_and_never_to_us(
    tmp_path: Path, wanted: str, page: dict[str, str], goes: str
) -> None:
    gateway = a_gateway(tmp_path, definitions=f'[forms.f]\nallowed_origins = ["{ALLOWED}"]\n')
    answer = gateway.client.post("/f/f", data={"name": "Ada", "_next": wanted}, headers={**page, **PAGE})
    assert answer.status_code == 303
    location = answer.headers["Location"]
    assert location.startswith(RECEIPT) if goes == RECEIPT else location == goes


def test_a_trap_tells_nothing_by_where_it_leads(gateway: Gateway) -> None:
    values = {"name": "Ada", "_next": f"{ALLOWED}/done", "_gotcha": "buy"}
    caught = gateway.client.post("/f/contact", data=values, headers=PAGE)
    assert (caught.status_code, caught.headers["Location"]) == (303, f"{ALLOWED}/done")
