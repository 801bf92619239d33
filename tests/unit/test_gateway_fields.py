"""What each type of field takes, and what it is stored as."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.fields.schemas import FormSchema
from gateway.fields.types import TYPES
from shared import forms
from shared.forms import FIELD_TYPES
from support.gateway_app import FORMS, a_gateway, errors_of

BREAKS = ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u2028", "\u2029"]


@pytest.fixture
def schema(tmp_path: Path) -> FormSchema:
    path = tmp_path / "forms.toml"
    path.write_text(FORMS, encoding="utf-8")
    return FormSchema(forms.load(path)["types"])


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [
        ("text", "Hi", "Hi"),
        ("text", "", None),
        ("email", " ada@example.org ", "ada@example.org"),
        ("email", "ädä@exämple.org", "ädä@exämple.org"),
        ("email", None, None),
        ("number", "3.5", 3.5),
        ("number", "-7", -7),
        ("number", 2, 2),
        ("integer", " 42 ", 42),
        ("boolean", "on", True),
        ("boolean", "No", False),
        ("boolean", True, True),
        ("date", "2026-02-28", "2026-02-28"),
        ("url", "https://example.org/a?b=c", "https://example.org/a?b=c"),
        ("tel", "+44 20 7946 0000", "+44 20 7946 0000"),
        ("choice", "two", "two"),
        ("list", "a", ["a"]),
        ("list", ["a", "b"], ["a", "b"]),
        ("list", [], None),
        ("list", ["", None], None),
        ("long", "one\r\ntwo", "one\r\ntwo"),
    ],
)
def test_taken(schema: FormSchema, name: str, given: Any, stored: Any) -> None:
    other = {} if name == "choice" else {"choice": "one"}
    assert schema.read({**other, name: given}) == other | ({} if stored is None else {name: stored})


@pytest.mark.parametrize(
    ("name", "given", "code"),
    [
        ("text", "x" * 11, "TOO_LONG"),
        ("text", 5, "TYPE_TEXT"),
        ("text", ["a", "b"], "TYPE_TEXT"),
        ("email", "ada", "TYPE_EMAIL"),
        ("email", "ada@localhost", "TYPE_EMAIL"),
        ("email", "ada@example.org, b@example.org", "TYPE_EMAIL"),
        ("email", "Ada <ada@example.org>", "TYPE_EMAIL"),
        ("email", "ada@example.org\r\nBcc: b@example.org", "LINE_BREAK"),
        ("number", "five", "TYPE_NUMERIC"),
        ("number", "1e999", "TYPE_NUMERIC"),
        ("number", "nan", "TYPE_NUMERIC"),
        ("number", True, "TYPE_NUMERIC"),
        ("number", "9" * 19 + "9", "TYPE_NUMERIC"),
        ("integer", "1.5", "TYPE_NUMERIC"),
        ("integer", "9" * 19, "TYPE_NUMERIC"),
        ("boolean", "perhaps", "TYPE_BOOLEAN"),
        ("date", "2026-02-30", "TYPE_DATE"),
        ("url", "javascript:alert(1)", "TYPE_URL"),
        ("url", "https://[", "TYPE_URL"),
        ("tel", "call me", "TYPE_TEL"),
        ("choice", "three", "TYPE_CHOICE"),
        ("list", ["c"], "TYPE_CHOICE"),
        ("list", [1], "TYPE_LIST"),
        ("list", {"a": 1}, "TYPE_LIST"),
        ("unknown", "x", "FIELD_UNKNOWN"),
    ],
)
def test_refused(tmp_path: Path, name: str, given: Any, code: str) -> None:
    gateway = a_gateway(tmp_path)
    answer = gateway.client.post("/f/types", json={name: given})
    assert answer.status_code == 422, answer.text
    assert errors_of(answer) == [(code, name)]
    assert gateway.published() == []


@pytest.mark.parametrize("given", ["", "   ", None])
def test_required_and_empty(tmp_path: Path, given: str | None) -> None:
    answer = a_gateway(tmp_path).client.post("/f/signup", json={"name": given, "email": "ada@example.org"})
    assert errors_of(answer) == [("REQUIRED_FIELD_EMPTY", "name")]


def test_a_text_that_stands_in_the_subject_is_one_line_however_long(tmp_path: Path) -> None:
    definitions = """
[forms.a]
fields.message = {type = "text"}
confirmation.subject = "You wrote {message}"
[forms.b]
confirmation.subject = "You wrote {message}"
"""
    gateway = a_gateway(tmp_path, definitions=definitions)
    for form in ("a", "b"):
        assert gateway.client.post(f"/f/{form}", data={"message": "a\nb"}).status_code == 422
        assert gateway.client.post(f"/f/{form}", data={"message": "ab"}).status_code == 202


@pytest.mark.parametrize("name", ["load", "fields", "Meta", "a.b", "context", "First name"])
def test_a_field_may_have_any_name(tmp_path: Path, name: str) -> None:
    definitions = f'[forms.a]\nfields."{name}" = {{type = "integer", required = true}}\n'
    gateway = a_gateway(tmp_path, definitions=definitions)
    gateway.submitted("a", {name: "7"})
    assert gateway.published()[0].fields == {name: 7}


def test_every_address_a_confirmation_could_go_to_is_checked(tmp_path: Path) -> None:
    definitions = '[forms.a]\nfields.email = {type = "text"}\n[forms.b]\n'
    gateway = a_gateway(tmp_path, definitions=definitions)
    for form, values in (("a", {"email": "x"}), ("b", {"Email": "x"}), ("b", {"_replyto": "x", "a": "b"})):
        answer = gateway.client.post(f"/f/{form}", json=values)
        assert [code for code, _ in errors_of(answer)] == ["TYPE_EMAIL"]


def test_the_types_of_the_file_are_those_of_the_gateway() -> None:
    assert TYPES.keys() == FIELD_TYPES.keys()
