"""Where a confirmation goes: the only address of the form, whatever its field is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.contracts import fingerprint
from support.gateway_app import Gateway, a_gateway

ADA = "ada@example.org"
GRACE = "grace@example.org"
FORMS = """
[forms.one]
fields.name = {type = "text"}
fields.mail = {type = "email"}
[forms.kept]
unknown = "keep"
fields.mail = {type = "email"}
[forms.two]
fields.mail = {type = "email"}
fields.second = {type = "email"}
[forms.named]
fields.mail = {type = "email"}
fields.email = {type = "email"}
[forms.text]
fields.mail = {type = "text"}
[forms.off]
fields.mail = {type = "email"}
confirmation.enabled = false
"""


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, definitions=FORMS)


@pytest.mark.parametrize(
    ("form", "values", "address"),
    [
        ("one", {"mail": ADA}, ADA),
        ("one", {"name": "Ada"}, None),
        ("one", {"name": "Ada", "mail": ""}, None),
        ("one", {"mail": ADA, "_replyto": GRACE}, GRACE),
        ("kept", {"mail": ADA}, ADA),
        ("kept", {"mail": ADA, "email": GRACE}, GRACE),
        ("kept", {"mail": ADA, "Email": ""}, ADA),
        ("two", {"mail": ADA}, None),
        ("two", {"mail": ADA, "second": GRACE}, None),
        ("named", {"mail": ADA}, None),
        ("named", {"mail": ADA, "email": GRACE}, GRACE),
        ("text", {"mail": ADA}, None),
    ],
)
def test_a_confirmation_goes_to_the_only_address_that_there_is(
    gateway: Gateway, form: str, values: dict[str, Any], address: str | None
) -> None:
    receipt = gateway.submitted(form, values)["receipt_url"]
    [event] = gateway.published()
    assert event.reply_address == address
    assert event.fingerprint == fingerprint(event.fields), "what it is known by is what was typed, and nothing else"
    shown = gateway.client.get(receipt, headers={"Accept": "application/json"}).get_json()
    assert bool(shown["confirmations"]) == (address is not None), "the receipt waits for the mail"


def test_a_form_that_confirms_nothing_says_so_whatever_address_it_has(gateway: Gateway) -> None:
    receipt = gateway.submitted("off", {"mail": ADA})["receipt_url"]
    assert gateway.client.get(receipt, headers={"Accept": "application/json"}).get_json()["confirmations"] == []


def test_spam_is_published_with_whatever_it_says(gateway: Gateway) -> None:
    gateway.submitted("one", {"mail": ["x"], "_gotcha": "y"})
    assert gateway.published()[0].reply_address is None
