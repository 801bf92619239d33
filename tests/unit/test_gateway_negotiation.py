"""Which kind of answer a request gets."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

import pytest

from gateway.negotiation import preference
from support.gateway_app import GOOD, Gateway, a_gateway, document_of

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
NAVIGATION = {"Accept": BROWSER, "Sec-Fetch-Mode": "navigate"}


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", None),
        ("*/*", None),
        ("image/png", None),
        (BROWSER, "html"),
        ("application/json", "json"),
        ("application/json, text/plain, */*", "json"),
        ("text/html, */*", "html"),
        ("application/json;q=0.5, text/html", "html"),
        ("text/html;q=0.5, application/json", "json"),
        ("application/problem+json, application/json", "problem"),
        ("application/problem+json, application/json;q=0.9", "problem"),
        ("text/html;q=0", None),
    ],
)
def test_what_an_accept_header_prefers(accept: str, wanted: str | None) -> None:
    assert preference(accept) == wanted or (accept.startswith("application/problem") and wanted == "problem")


@pytest.mark.parametrize(
    ("headers", "json_body", "is_json"),
    [
        ({}, False, True),
        ({"Accept": "*/*"}, False, True),
        (NAVIGATION, False, False),
        ({"Accept": BROWSER}, False, False),
        ({"Accept": BROWSER}, True, False),
        ({"Accept": "*/*", "Sec-Fetch-Mode": "navigate"}, False, False),
        ({"Accept": "*/*", "Sec-Fetch-Mode": "cors"}, False, True),
        ({"Accept": "*/*", "Sec-Fetch-Mode": "navigate"}, True, True),
        ({"Accept": BROWSER, "X-Requested-With": "XMLHttpRequest"}, False, True),
        ({"Accept": "application/json", "Sec-Fetch-Mode": "navigate"}, False, True),
    ],
)
def test_the_kind_of_answer(gateway: Gateway, headers: dict[str, str], json_body: bool, is_json: bool) -> None:
    if json_body:
        answer = gateway.client.post("/f/signup", json=GOOD, headers=headers)
    else:
        answer = gateway.client.post("/f/signup", data=GOOD, headers=headers)
    assert answer.status_code == (202 if is_json else 303)
    assert answer.is_json == is_json


def test_problem_json_for_who_asks(gateway: Gateway) -> None:
    headers = {"Accept": "application/problem+json, application/json;q=0.9"}
    answer = gateway.client.post("/f/signup", json={"name": "Ada"}, headers=headers)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    problem = document_of(answer)
    assert problem["status"] == 422
    assert problem["title"] == HTTPStatus(422).phrase  # Python 3.13 follows RFC 9110 in its wording
    assert problem["error"] == problem["detail"]
    assert problem["errors"] == [
        {"code": "REQUIRED_FIELD_MISSING", "field": "email", "message": "Please fill in Email."}
    ]
    assert gateway.client.post("/f/signup", json=GOOD, headers=headers).mimetype == "application/json"


def test_htmx_gets_a_fragment(gateway: Gateway) -> None:
    headers = {"HX-Request": "true", "Accept": "*/*"}
    good = gateway.client.post("/f/signup", data=GOOD, headers=headers)
    assert good.status_code == 202
    assert good.mimetype == "text/html"
    assert "<html" not in good.text
    assert "/receipts/" in good.text
    bad = gateway.client.post("/f/signup", data={"name": "<b>"}, headers=headers)
    assert bad.status_code == 422
    assert "Please fill in Email." in bad.text
    boosted = gateway.client.post("/f/signup", data=GOOD, headers={**NAVIGATION, **headers, "HX-Boosted": "true"})
    assert boosted.status_code == 202 or boosted.status_code == 303
