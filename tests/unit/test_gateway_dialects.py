"""Pages written for other form services: what they send is understood, and the answer has what they look for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from support.gateway_app import GOOD, Gateway, a_gateway, document_of, errors_of

FORMS = """
[forms.formspree]
dialect = "formspree"
[forms.web3forms]
dialect = "web3forms"
access_key = "1234-abcd"
allowed_origins = ["https://www.example.org"]
[forms.any-key]
dialect = "web3forms"
[forms.own-subject]
dialect = "web3forms"
fields.subject = {type = "text"}
[forms.netlify]
dialect = "netlify"
honeypot = "bot-field"
[forms.basin]
dialect = "basin"
[forms.plain]
"""

BROWSER = {"Accept": "*/*", "Sec-Fetch-Mode": "cors", "Origin": "https://www.example.org"}
PAGE = {"Accept": "text/html,*/*;q=0.8", "Sec-Fetch-Mode": "navigate", "Origin": "https://www.example.org"}
KEY = {"access_key": "1234-abcd"}


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, definitions=FORMS)


@pytest.mark.parametrize("form", ["formspree", "web3forms", "netlify", "basin", "plain"])
def test_a_dialect_answers_200_as_its_snippets_expect_and_our_own_202(gateway: Gateway, form: str) -> None:
    answer = gateway.client.post(f"/f/{form}", data={**GOOD, **KEY}, headers=BROWSER)
    assert answer.status_code == (202 if form == "plain" else 200)
    document = document_of(answer)
    assert (document["ok"], document["success"]) == (True, True)
    assert document["message"]
    assert document["next"] == document["receipt_url"] == answer.headers["Location"]
    assert "error" not in document
    assert "errors" not in document
    assert len(gateway.published()) == 1


def test_a_refusal_has_what_each_client_reads(gateway: Gateway) -> None:
    refusal = document_of(gateway.client.post("/f/formspree", json={"email": "no address"}))
    assert (refusal["ok"], refusal["success"]) == (False, False)
    assert refusal["error"] == refusal["message"]
    assert [error["field"] for error in refusal["errors"]] == ["email"]
    assert all(isinstance(error["message"], str) for error in refusal["errors"])


def test_web3forms_names_are_control_fields_in_its_dialect(gateway: Gateway) -> None:
    control = {
        "subject": "Hello",
        "from_name": "A page",
        "replyto": "me@example.org",
        "ccemail": "x@example.org",
        "redirect": "https://www.example.org/thanks",
        "botcheck": False,
        **KEY,
    }
    answer = gateway.client.post("/f/web3forms", json={**GOOD, **control}, headers=BROWSER)
    assert answer.status_code == 200
    assert document_of(answer)["next"] == "https://www.example.org/thanks"
    [event] = gateway.published()
    assert event.fields == GOOD
    assert event.control.subject == "Hello"
    assert event.reply_address == "me@example.org"


def test_they_are_fields_elsewhere_and_where_the_form_defines_them(gateway: Gateway) -> None:
    gateway.client.post("/f/plain", json={"subject": "Hello", "redirect": "x", "botcheck": "y", "form-name": "z"})
    gateway.client.post("/f/own-subject", json={"subject": "Hello"})
    stored = [event.fields for event in gateway.published()]
    assert stored == [
        {"subject": "Hello", "redirect": "x", "botcheck": "y", "form-name": "z"},
        {"subject": "Hello"},
    ]


@pytest.mark.parametrize(("said", "status"), [({}, 403), ({"access_key": "other"}, 403), (KEY, 200)])
def test_an_access_key_has_to_be_the_forms(gateway: Gateway, said: Mapping[str, str], status: int) -> None:
    answer = gateway.client.post("/f/web3forms", json={**GOOD, **said}, headers=BROWSER)
    assert answer.status_code == status
    assert len(gateway.published()) == (status == 200)
    if status == 403:
        assert errors_of(answer) == [("ACCESS_KEY", "access_key")]
        assert 'value="Ada Lovelace"' in gateway.client.post("/f/web3forms", data={**GOOD, **said}, headers=PAGE).text


def test_without_one_any_will_do_and_none_is_stored(gateway: Gateway) -> None:
    gateway.client.post("/f/any-key", json={**GOOD, "access_key": "whatever"})
    assert [event.fields for event in gateway.published()] == [GOOD]


def test_our_own_page_says_the_access_key(gateway: Gateway) -> None:
    assert 'name="access_key" value="1234-abcd"' in gateway.client.get("/f/web3forms").text


@pytest.mark.parametrize(
    ("form", "trap", "value", "caught"),
    [
        ("web3forms", "botcheck", "on", True),
        ("web3forms", "botcheck", True, True),
        ("web3forms", "botcheck", False, False),
        ("web3forms", "botcheck", "false", False),
        ("web3forms", "botcheck", "", False),
        ("netlify", "bot-field", "buy", True),
        ("netlify", "bot-field", "", False),
        ("formspree", "_gotcha", "buy", True),
        ("formspree", "_gotcha", ["", " "], False),
        ("formspree", "_gotcha", ["", "buy"], True),
    ],
)
def test_the_traps_of_each(gateway: Gateway, form: str, trap: str, value: Any, caught: bool) -> None:
    answer = gateway.client.post(f"/f/{form}", json={**GOOD, **KEY, trap: value}, headers=BROWSER)
    assert answer.status_code == 200
    published = [(event.fields, event.spam) for event in gateway.published()]
    stored = {**(GOOD if form == "web3forms" else {**GOOD, **KEY}), **({trap: value} if caught else {})}
    assert published == [(stored, "honeypot" if caught else None)]


def test_netlify_names_its_form_and_that_is_not_stored(gateway: Gateway) -> None:
    gateway.client.post("/f/netlify", data={"form-name": "contact", "bot-field": "", **GOOD}, headers=BROWSER)
    assert [event.fields for event in gateway.published()] == [GOOD]


@pytest.mark.parametrize("form", ["formspree", "basin"])
@pytest.mark.parametrize("body", ["json", "data"])
def test_a_project_path_answers_as_the_form_does(gateway: Gateway, form: str, body: str) -> None:
    client: dict[str, str] = {
        "Accept": "application/json",
        "Formspree-Client": "core",
        "Formspree-Session-Data": "e30=",
    }
    sent: dict[str, Any] = {body: GOOD}
    answer = gateway.client.post(f"/p/123456/f/{form}", headers=client, **sent)
    assert answer.status_code == 200
    assert document_of(answer)["next"].startswith("http://localhost/receipts/")
    assert gateway.client.get(f"/p/123456/f/{form}").status_code == 200
    preflight = gateway.client.options(f"/p/123456/f/{form}", headers={"Origin": "https://www.example.org"})
    assert preflight.status_code == 204
    assert "Formspree-Session-Data" in preflight.headers["Access-Control-Allow-Headers"]
    assert gateway.client.post("/p/123456/f/nothing", json=GOOD).status_code == 404


def test_a_form_that_is_not_there_tells_so_to_any_script(gateway: Gateway) -> None:
    answer = gateway.client.post("/f/nothing", data=GOOD, headers=BROWSER)
    assert answer.headers["Access-Control-Allow-Origin"] == BROWSER["Origin"]
    assert json.loads(answer.text)["errors"][0]["code"] == "FORM_NOT_FOUND"
