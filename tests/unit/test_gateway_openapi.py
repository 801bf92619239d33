"""The description of the addresses: complete, of the forms as they are defined, and readable as a page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from shared.files import MemoryFiles
from support.gateway_app import Gateway, a_gateway, document_of

PAGE = {"Accept": "text/html"}


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path)


@pytest.fixture
def described(gateway: Gateway) -> dict[str, Any]:
    return document_of(gateway.client.get("/openapi.json"))


def schema_of(described: dict[str, Any], form: str) -> dict[str, Any]:
    schemas = [entry["schema"] for entry in described["paths"][f"/f/{form}"]["post"]["requestBody"]["content"].values()]
    assert schemas == [schemas[0]] * 3
    found: dict[str, Any] = schemas[0]
    return found


def test_every_address_is_described_and_no_other(gateway: Gateway, described: dict[str, Any]) -> None:
    methods = {"get", "post", "options"}
    served = {
        (re.sub(r"<[^>]*>", "{}", rule.rule), method.lower())
        for rule in gateway.app.url_map.iter_rules()
        for method in rule.methods or ()
        if method.lower() in methods and rule.endpoint != "static"
    }
    told = {
        (re.sub(r"{[^}]*}|(?<=^/f/)\w+", "{}", path), method)
        for path, operations in described["paths"].items()
        for method in operations.keys() & methods
    }
    assert told == served


def test_a_form_is_described_as_it_is_defined(described: dict[str, Any]) -> None:
    schema = schema_of(described, "signup")
    assert schema["required"] == ["name", "email"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["name"]["title"] == "Name"
    assert schema["properties"]["name"]["maxLength"] == 200
    assert schema["properties"]["email"]["format"] == "email"
    assert {"_next", "_gotcha", "_idempotency_key"} <= schema["properties"].keys()
    assert "additionalProperties" not in schema_of(described, "open")
    assert "leave_this_empty" in schema_of(described, "contact")["properties"]


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    names = set(re.findall(r"'\$ref': '#/components/(\w+/[\w.]+)'", str(described)))
    assert names
    for name in names:
        kind, _, key = name.partition("/")
        assert key in described["components"][kind]


def test_the_page_names_every_address(gateway: Gateway, described: dict[str, Any]) -> None:
    answer = gateway.client.get("/openapi", headers=PAGE)
    assert answer.status_code == 200
    for path in described["paths"]:
        assert f" {path}</code>" in answer.text


def test_only_who_takes_files_says_that_they_may_come_too_slowly(tmp_path: Path) -> None:
    forms = '[forms.cv]\nfields.cv = {type = "file"}\n[forms.signup]\n'
    described = document_of(a_gateway(tmp_path, definitions=forms, files=MemoryFiles()).client.get("/openapi.json"))
    said = {form: "408" in described["paths"][f"/f/{form}"]["post"]["responses"] for form in ("cv", "signup")}
    assert said == {"cv": True, "signup": False}
