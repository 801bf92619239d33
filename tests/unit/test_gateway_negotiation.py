"""Which kind of answer a request gets."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

import pytest

from gateway.http.negotiation import preference
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
        ("application/json, application/problem+json", "problem"),
        ("application/problem+json;q=0.5, application/json", "json"),
        ("text/html;q=0", None),
        ("application/json, text/javascript, */*; q=0.01", "json"),
        ("text/html;q=0.8, application/json;q=0.9, */*;q=0.1", "json"),
        ("text/html, application/json", "json"),
        ("text/*", "html"),
        ("application/*", "json"),
        ("text/vnd.turbo-stream.html, text/html, application/xhtml+xml", "html"),
        ("text/html;q=nonsense", None),
    ],
)
def test_what_an_accept_header_prefers(accept: str, wanted: str | None) -> None:
    assert preference(accept) == wanted


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


def test_a_fragment_offers_the_destination_and_leaves_the_page_where_it_is(gateway: Gateway) -> None:
    headers = {"HX-Request": "true", "Accept": "*/*", "Origin": "https://www.example.org"}
    answer = gateway.client.post("/f/contact", data={"name": "Ada"}, headers=headers)
    assert answer.status_code == 202
    assert '<a href="https://www.example.org/thanks">Continue</a>' in answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "https://www.example.org"


@pytest.mark.parametrize(("values", "status"), [(GOOD, 303), ({"name": "Ada"}, 422)])
def test_where_htmx_stands_for_the_browser_it_gets_what_a_browser_gets(
    gateway: Gateway, values: dict[str, str], status: int
) -> None:
    headers = {"HX-Request": "true", "HX-Boosted": "true", "Accept": "*/*", "Sec-Fetch-Mode": "cors"}
    answer = gateway.client.post("/f/signup", data=values, headers=headers)
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    page = gateway.client.get(answer.headers["Location"], headers=headers) if status == 303 else answer
    assert "<html" in page.text
