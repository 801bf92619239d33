"""The gateway seals sensitive fields after it has checked them, and before anything else sees them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateway.intake.sealing import Sealing
from shared.contracts import SubmissionAccepted, encode, fingerprint
from shared.forms import Field, Form
from shared.sealing import Sealer, new_key
from shared.sealing.opening import Opener
from support.gateway_app import Gateway, a_gateway, errors_of

CANARY = "DE02120300000000202051"
FORMS = """
[forms.refund]
title = "Refund"
deduplicate = "10m"
honeypot = "url"
[forms.refund.fields]
email = {type = "email"}
iban = {type = "text", max_length = 30, pattern = "DE[0-9]+", sensitive = true}
parts = {type = "list", sensitive = true}
"""
KEY = new_key()
OPENER = Opener([KEY])


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, definitions=FORMS, sealing_key=KEY.sealing, max_body_bytes=1 << 20)


def taken(gateway: Gateway, values: dict[str, Any], headers: dict[str, str] | None = None) -> SubmissionAccepted:
    gateway.submitted("refund", values, headers)
    [event] = gateway.take_published()
    return event


def test_a_sensitive_value_leaves_the_fields_and_is_nowhere_else_in_the_event(gateway: Gateway) -> None:
    event = taken(gateway, {"email": "ada@example.org", "iban": CANARY, "parts": ["a", "b"]})
    assert event.fields == {"email": "ada@example.org"}
    assert list(event.sealed) == ["iban", "parts"]
    assert CANARY.encode() not in encode(event)
    assert OPENER.open("refund", event.id, "iban", event.sealed["iban"]) == CANARY
    assert OPENER.open("refund", event.id, "parts", event.sealed["parts"]) == ["a", "b"]


def test_it_is_checked_before(gateway: Gateway) -> None:
    answer = gateway.client.post("/f/refund", json={"iban": "FR76"})
    assert (answer.status_code, errors_of(answer)) == (422, [("PATTERN", "iban")])


def test_what_was_not_sent_is_not_sealed(gateway: Gateway) -> None:
    assert taken(gateway, {"email": "ada@example.org"}).sealed == {}


def test_that_of_spam_is_sealed_as_it_came(gateway: Gateway) -> None:
    event = taken(gateway, {"url": "http://x", "iban": ["not", "checked"]})
    assert event.spam == "honeypot"
    assert "iban" not in event.fields
    assert OPENER.open("refund", event.id, "iban", event.sealed["iban"]) == ["not", "checked"]


@pytest.mark.parametrize("name", ["sealed", "fields", "_sealed"])
def test_no_stranger_can_post_a_sealed_value(gateway: Gateway, name: str) -> None:
    value = Sealer(KEY.sealing).seal("refund", UUID(int=1), {"iban": "x"})
    answer = gateway.client.post("/f/refund", json={"iban": CANARY, name: value})
    if answer.status_code == 202:
        assert list(gateway.take_published()[0].sealed) == ["iban"]
    else:
        assert answer.status_code == 422


def test_equal_values_are_one_submission_and_others_are_not(gateway: Gateway) -> None:
    first, again, other = (taken(gateway, {"iban": iban}) for iban in (CANARY, CANARY, CANARY[:-1]))
    assert first.id == again.id
    assert first.fingerprint == again.fingerprint
    assert other.id != first.id
    assert other.fingerprint != first.fingerprint
    assert first.sealed != again.sealed


def test_nobody_can_try_values_by_the_fingerprint(gateway: Gateway, tmp_path: Path) -> None:
    event = taken(gateway, {"iban": CANARY})
    assert event.fingerprint not in {fingerprint({"iban": CANARY}), fingerprint({})}
    form = Form("refund", "Refund", {"iban": Field("iban", "text", sensitive=True)})
    marks = {
        Sealing(None, secret).part(one, {name: CANARY}).marked[name]
        for secret in ("a", "b")
        for one, name in ((form, "iban"), (Form("other", "", form.fields), "iban"))
    }
    assert len(marks) == 4
    assert event.fingerprint not in marks


def test_a_form_without_sensitive_fields_is_as_it_was() -> None:
    fields = {"a": "1"}
    parted = Sealing(None, "secret").part(Form("a", "A", {"a": Field("a", "text")}), fields)
    assert parted.fields is fields
    assert parted.marked is fields
    assert Sealing(None, "secret").seal(Form("a", "A"), UUID(int=1), parted) == {}


def test_without_a_key_nothing_goes_out_in_the_clear(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, definitions=FORMS)
    answer = gateway.client.post("/f/refund", json={"iban": CANARY})
    assert (answer.status_code, CANARY in answer.text) == (500, False)
    assert gateway.published() == []


def test_a_sensitive_address_is_answered_by_nobody(tmp_path: Path) -> None:
    fields = '[forms.refund.fields]\nemail = {type = "email", sensitive = true}\n'
    text = f"{fields}[forms.refund.confirmation]\nenabled = false"
    event = taken(a_gateway(tmp_path, definitions=text, sealing_key=KEY.sealing), {"email": "ada@example.org"})
    assert event.reply_address is None
    assert b"ada@example.org" not in encode(event)


@pytest.mark.parametrize("path", ["/f/refund", "/"])
def test_pages_mark_what_is_sensitive_so_that_no_browser_keeps_it(gateway: Gateway, path: str) -> None:
    page = gateway.client.get(path, headers={"Accept": "text/html"}).text
    assert page.count("data-sensitive") == (2 if path != "/" else 3)  # the list has two inputs on the page to copy
