"""Where a browser is sent on to."""

from __future__ import annotations

import pytest
from flask import Flask

from storage_service.console.pages.frame import going

APP = Flask(__name__, root_path=".")


@pytest.mark.parametrize(
    "address",
    [
        "/console",
        "/console/inbox",
        "/console/inbox?q=field.topic%3A%22a%22&cursor=x//y&next=https://example.org/",
        "/console/submissions/0b5c?q=(a%20OR%20b)",
        "/console?x=1",
    ],
)
def test_addresses_of_ours(address: str) -> None:
    assert going.own(address) == address


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "/",
        "/consoles",
        "/v1/forms",
        "console/inbox",
        "//console/inbox",
        "/console//inbox",
        "/console/../v1/forms",
        "/console/./inbox",
        "https://example.org/console/inbox",
        "/console/\\example.org",
        "/console/in box",
        "/console/inbox\n",
        "/console/\u2028",
        "/console/" + "x" * going.PATH_MOST,
    ],
)
def test_all_others_are_none(address: str | None) -> None:
    assert going.own(address) is None


def test_after_a_post_a_browser_is_where_it_came_from() -> None:
    headers = {"Referer": "http://localhost/console/inbox?q=is%3Anew"}
    with APP.test_request_context("/console/x", method="POST", headers=headers):
        assert going.back().location == "/console/inbox?q=is%3Anew"
    with APP.test_request_context("/console/x", method="POST", headers=headers, data={"next": "/console/forms"}):
        assert (going.back().location, going.back().status_code) == ("/console/forms", 303)
    for referrer in ("", "http://[", "https://example.org//evil", "about:blank", "x" * 50_000):
        with APP.test_request_context("/console/x", method="POST", headers={"Referer": referrer}):
            assert going.back("/console/jobs").location == "/console/jobs"


def test_the_page_that_somebody_wanted_comes_with_them_to_signing_in() -> None:
    with APP.test_request_context("/console/inbox?q=%22a%20b%22&x=ü"):
        then = going.here()
        assert going.own(then) == then
        assert then.startswith("/console/inbox?q=%22a%20b%22&x=")
    assert going.sign_in_address("/console/inbox?q=a&b=c") == "/console/sign-in?next=/console/inbox%3Fq%3Da%26b%3Dc"
