"""What browsers and frameworks add by themselves: no field, unless the form says so or it may be a person's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.forms.byproducts import BUTTONS, MACHINE
from support.gateway_app import Gateway, a_gateway, errors_of

FORMS = """
[forms.fields]
fields.name = {type = "text"}
[forms.drop]
unknown = "drop"
fields.name = {type = "text"}
[forms.keep]
unknown = "keep"
fields.name = {type = "text"}
[forms.open]
[forms.own]
fields.name = {type = "text"}
fields.submit = {type = "text"}
fields.x = {type = "text"}
fields.y = {type = "text"}
fields.altcha = {type = "text"}
fields."csrf-token" = {type = "text"}
fields.utf8 = {type = "text"}
fields."name.dir" = {type = "text"}
"""

ADA = {"name": "Ada"}
NAMES = [name for names in MACHINE.values() for name in names]
MADE: list[dict[str, Any]] = [
    *({name: "0fb3c1"} for name in NAMES),
    *({name.upper(): "0fb3c1"} for name in NAMES),
    {"csrf_token": ["a", "b"]},
    {"utf8": "\u2713"},
    {"utf8": "&#x2713;"},
    {"name.dir": "ltr"},
    {"name.dir": "rtl"},
]
PERSONS: list[dict[str, Any]] = [
    *({name: "Send"} for name in sorted(BUTTONS)),
    {"Submit": "Send"},
    {"x": "17", "y": "4"},
    {"map.x": "0", "map.y": "120"},
]
FIELDS: list[dict[str, Any]] = [
    {"x": "17"},
    {"x": "17", "y": ""},
    {"x": "1.5", "y": "4"},
    {"x": "left", "y": "4"},
    {"x": "-1", "y": "4"},
    {"x": 17, "y": 4},
    {"x": ["1", "2"], "y": ["1", "2"]},
    {"map.x": "17"},
    {"mapx": "1", "mapy": "2"},
    {"utf8": "yes"},
    {"utf8": ["\u2713", "\u2713"]},
    {"utf8": {"a": "b"}},
    {"name.dir": "left"},
    {"other.dir": "ltr"},
    {"token": "0fb3c1"},
    {"submitted": "Send"},
    {"position": "1"},
]


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, definitions=FORMS)


def stored(gateway: Gateway, form: str, added: dict[str, Any]) -> Any:
    """Return what was stored, or the names of what was refused."""
    answer = gateway.client.post(f"/f/{form}", json={**ADA, **added})
    if answer.status_code == 422:
        return sorted({str(field) for code, field in errors_of(answer) if code == "FIELD_UNKNOWN"})
    [event] = gateway.take_published()
    return event.fields


@pytest.mark.parametrize("added", MADE, ids=str)
def test_what_no_person_says_is_taken_out_everywhere(gateway: Gateway, added: dict[str, Any]) -> None:
    assert {form: stored(gateway, form, added) for form in ("fields", "drop", "keep", "open")} == dict.fromkeys(
        ("fields", "drop", "keep", "open"), ADA
    )


@pytest.mark.parametrize("added", PERSONS, ids=str)
def test_what_may_be_a_person_s_is_kept_where_a_form_keeps_what_comes(gateway: Gateway, added: dict[str, Any]) -> None:
    assert stored(gateway, "fields", added) == stored(gateway, "drop", added) == ADA
    assert stored(gateway, "keep", added) == stored(gateway, "open", added) == {**ADA, **added}


@pytest.mark.parametrize("added", FIELDS, ids=str)
def test_what_only_looks_alike_is_a_field(gateway: Gateway, added: dict[str, Any]) -> None:
    assert stored(gateway, "open", added) == {**ADA, **added}
    assert stored(gateway, "fields", added) == sorted(added)


@pytest.mark.parametrize(
    "added",
    [
        {"submit": "a"},
        {"x": "1", "y": "2"},
        {"altcha": "a"},
        {"csrf-token": "a"},
        {"utf8": "\u2713"},
        {"name.dir": "ltr"},
    ],
    ids=str,
)
def test_what_a_form_defines_is_its_field(gateway: Gateway, added: dict[str, Any]) -> None:
    assert stored(gateway, "own", added) == {**ADA, **added}


def test_alone_it_says_nothing(gateway: Gateway) -> None:
    answer = gateway.client.post("/f/open", data={"csrf_token": "0fb3c1"})
    assert errors_of(answer) == [("EMPTY", None)]


def test_two_clicks_with_two_tokens_are_one_submission(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, definitions='[forms.f]\ndeduplicate = "1d"\n')
    for token in ("one", "two"):
        gateway.submitted("f", {**ADA, "authenticity_token": token})
    assert len({event.id for event in gateway.published()}) == 1
