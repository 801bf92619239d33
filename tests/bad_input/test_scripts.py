"""Scripts in fields: escaped on every page and in mails; a content security policy without inline."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.composed import bodies, composed
from support.confirmations import a_form
from support.events import an_event
from support.gateway_app import Gateway, a_gateway
from support.tags import Tags

PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
SCRIPT = '"><script>alert(1)</script>'


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path)


@pytest.mark.parametrize("form", ["signup", "open", "contact", "types"])
@pytest.mark.parametrize("script", [SCRIPT, "'><img src=x onerror=alert(1)>", "</textarea><script>alert(1)</script>"])
def test_scripts_are_escaped_wherever_they_come_from(gateway: Gateway, form: str, script: str) -> None:
    gateway.broker.refusal = "blocked"
    for values in (
        {"name": script},
        {script: "x"},
        {"tags": [script, script]},
        {"email": script, "_next": script, "_idempotency_key": script},
        {"name": "Ada", "_subject": script, "_language": script, "email": "ada@example.org"},
    ):
        for headers in (PAGE, {"HX-Request": "true"}):
            answer = gateway.client.post(f"/f/{form}", data=values, headers=headers)
            assert answer.mimetype == "text/html"
            assert "<script>alert" not in answer.text
            assert "<img" not in answer.text
    for path in (f"/f/{script}", f"/receipts/{script}", f"/{script}", f"/f/signup?a={script}"):
        assert "<script>alert" not in gateway.client.get(path, headers=PAGE).text


def test_no_page_needs_anything_inline(gateway: Gateway) -> None:
    receipt = gateway.submitted()["receipt_url"]
    for path in ("/", "/f/signup", "/f/types", "/f/nothing", "/openapi", receipt):
        answer = gateway.client.get(path, headers=PAGE)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        for tag, attributes in Tags(answer.text).found:
            assert "style" not in attributes
            assert not any(name.startswith("on") for name in attributes)
            assert tag != "style"
            assert tag != "script" or attributes["src"]


def test_in_a_mail_html_is_shown_and_not_obeyed() -> None:
    typed = "<script>alert('x')</script><img src=x onerror=y>\"'&"
    plain, html = bodies(composed(an_event(name=typed), a_form(subject="{name}", text="{name}")))
    assert typed in plain
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("&lt;script&gt;") == 2  # the title, the words
