"""`allowed_origins`: what no page can have as its origin is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.forms import Forms, FormsError
from shared.forms.file import parse


def load(origin: str) -> Forms:
    return parse(f'[forms.a]\nallowed_origins = ["{origin}"]'.encode(), Path("forms.toml"))


@pytest.mark.parametrize(
    "origin",
    [
        *("*", "https://www.example.org", "http://localhost:8000", "https://intranet", "https://a_b.example.org"),
        *(
            "https://bücher.example",
            "https://*.bücher.example:8080",
            "https://xn--bcher-kva.example",
            "https://例え。jp",
        ),
        *("https://192.0.2.1", "http://127.0.0.1:65535", "https://[2001:db8::1]:8443", "https://Example.ORG."),
        "https://*.example.org",
        f"https://{'a' * 63}.example.org",
    ],
)
def test_what_a_page_can_have_as_its_origin_is_taken(origin: str) -> None:
    assert load(origin)["a"].allowed_origins == (origin,)


@pytest.mark.parametrize(
    "origin",
    [
        *(
            r"https://\u0000",
            r"https://a\u0000.example",
            r"https://\u200b",
            "https://a b",
            "https://a;b",
            "https://a,b",
        ),
        *("https://*.[a", "https://[a", "https://[::1", "https://[12345::]", "https://*.[::1]", "https://[::1]a"),
        *("https://a@b", "https://a:b@c", "https://a%20b", r"https://a\\b", "https://a'b", "https://", "https://."),
        *("https://a:", "https://a:0", "https://a:080", "https://a:65536", "https://a:99999", "https://a:b"),
        *("https://a:٤٢", "https://1.2.3.256", "https://1.2.3", "https://a.1", "https://*.1.2.3.4"),
        *("https://a..b", "https://-a.example", "https://a-.example", "https://.a", f"https://{'a' * 64}.example"),
        *("ftp://a", "//a", "a", "https:a", "https://a/", "https://a?b", "https://a#b", "null", "**", ""),
        f"https://{'.'.join(['a' * 50] * 5)}",
        f"https://{'é' * 250}.example",
    ],
)
def test_what_no_page_can_have_as_its_origin_is_an_error(origin: str) -> None:
    with pytest.raises(FormsError) as raised:
        load(origin)
    assert str(raised.value).startswith("forms.toml:2: forms.a.allowed_origins.0: ")
    assert "\x00" not in str(raised.value)


def test_the_error_says_what_to_write() -> None:
    with pytest.raises(FormsError, match=r"'https://a@b' is no origin: expected https://host, without a path, https"):
        load("https://a@b")
    with pytest.raises(FormsError, match=r"'https://a:65536' is no origin: expected a port from 1 to 65535$"):
        load("https://a:65536")
