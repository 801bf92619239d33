"""What a form's definition asks of its fields: lengths, patterns, bounds, and what becomes of unknown fields."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from gateway.fields.schemas import FormSchema
from shared import forms
from support.gateway_app import a_gateway, document_of, errors_of

FORMS = """
[forms.strict.fields]
code    = {type = "text", pattern = "[A-Z]{2}[0-9]{3}", help = "Two letters and three digits."}
slow    = {type = "text", max_length = 50000, pattern = "(a+)+b"}
name    = {type = "text", pattern = "[\\\\p{L} ]+"}
story   = {type = "text", min_length = 5, max_length = 10}
essay   = {type = "text", max_length = 400}
mail    = {type = "email", pattern = ".*@example[.]org"}
site    = {type = "url", min_length = 20}
share   = {type = "number", min = -0.5, max = 1}
guests  = {type = "integer", min = 1, max = 10, label = "Guests"}
day     = {type = "date", min = 2026-11-22, max = "2026-12-31"}
wishes  = {type = "list", min = 2, max = 3}

[forms.keep]
unknown = "keep"
fields.message = {type = "text", required = true}
confirmation.subject = "{greeting}"

[forms.drop]
unknown = "drop"
fields.message = {type = "text"}
"""


@pytest.fixture
def defined(tmp_path: Path) -> forms.Forms:
    path = tmp_path / "forms.toml"
    path.write_text(FORMS, encoding="utf-8")
    return forms.load(path)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("code", "AB123"),
        ("name", "Łukasz Żółć"),
        ("name", "山田 太郎"),
        ("story", "12345"),
        ("story", "😀😀😀😀😀"),
        ("essay", "12\r\n" * 133 + "4"),
        ("mail", "ada@example.org"),
        ("share", -0.5),
        ("share", 1),
        ("guests", 1),
        ("guests", 10),
        ("day", "2026-11-22"),
        ("day", "2026-12-31"),
        ("wishes", ["a", "b"]),
        ("wishes", ["a", "b", "c"]),
    ],
)
def test_what_is_asked_for_is_taken_as_it_is(defined: forms.Forms, name: str, given: Any) -> None:
    assert FormSchema(defined["strict"]).read({name: given}) == {name: given}


@pytest.mark.parametrize(
    ("name", "given", "code", "message"),
    [
        ("code", "AB1234", "PATTERN", "Code is not written as it has to be. Two letters and three digits."),
        ("code", "xAB123", "PATTERN", None),
        ("code", "AB123\t", "PATTERN", None),
        ("name", "R2D2", "PATTERN", "Name is not written as it has to be."),
        ("story", "1234", "TOO_SHORT", "Story must have at least 5 characters."),
        ("story", "12345678901", "TOO_LONG", "Story must have at most 10 characters."),
        ("mail", "ada@example.com", "PATTERN", None),
        ("site", "https://a.example", "TOO_SHORT", None),
        ("share", "-0.51", "BELOW_MIN", "Share must be -0.5 or more."),
        ("share", 1.01, "ABOVE_MAX", "Share must be 1 or less."),
        ("guests", "0", "BELOW_MIN", "Guests must be 1 or more."),
        ("guests", 11, "ABOVE_MAX", "Guests must be 10 or less."),
        ("day", "2026-11-21", "BELOW_MIN", "Day must be 2026-11-22 or later."),
        ("day", "2027-01-01", "ABOVE_MAX", "Day must be 2026-12-31 or earlier."),
        ("wishes", "a", "TOO_FEW", "Wishes must have at least 2 entries."),
        ("wishes", ["a"] * 4, "TOO_MANY", "Wishes must have at most 3 entries."),
    ],
)
def test_what_is_not_asked_for_is_refused(
    tmp_path: Path, name: str, given: Any, code: str, message: str | None
) -> None:
    answer = a_gateway(tmp_path, definitions=FORMS).client.post("/f/strict", json={name: given})
    assert answer.status_code == 422
    assert errors_of(answer) == [(code, name)]
    assert message is None or document_of(answer)["error"] == message


def test_no_value_makes_a_pattern_slow(tmp_path: Path) -> None:
    gateway = a_gateway(tmp_path, definitions=FORMS)
    start = time.monotonic()
    answer = gateway.client.post("/f/strict", json={"slow": "a" * 50_000})
    assert errors_of(answer) == [("PATTERN", "slow")]
    assert time.monotonic() - start < 5, "Python's own re would take longer than the universe has"


def test_unknown_fields_are_kept_beside_the_others(defined: forms.Forms) -> None:
    given: dict[str, Any] = {"message": "Hi", "f0": "x", "utm.source": ["a", "b"], "nested": {"a": 1}}
    assert FormSchema(defined["keep"]).read(given) == given


def test_unknown_fields_are_dropped(defined: forms.Forms) -> None:
    assert FormSchema(defined["drop"]).read({"message": "Hi", "f0": "x"}) == {"message": "Hi"}


@pytest.mark.parametrize(
    ("form", "given", "errors"),
    [
        ("strict", {"code": "AB123", "x": "1"}, [("FIELD_UNKNOWN", "x")]),
        ("drop", {"x": "1"}, [("EMPTY", None)]),
        ("keep", {"x": "1"}, [("REQUIRED_FIELD_MISSING", "message")]),
        (
            "keep",
            {"email": "nobody", "greeting": "a\rb", "name": "a\nb"},
            [
                ("REQUIRED_FIELD_MISSING", "message"),
                ("TYPE_EMAIL", "email"),
                ("LINE_BREAK", "greeting"),
                ("LINE_BREAK", "name"),
            ],
        ),
        ("keep", {"message": "Hi", "email": "nobody"}, [("TYPE_EMAIL", "email")]),
    ],
)
def test_what_is_kept_gets_no_further_than_what_is_defined(
    tmp_path: Path, form: str, given: dict[str, Any], errors: list[tuple[str, str | None]]
) -> None:
    answer = a_gateway(tmp_path, definitions=FORMS).client.post(f"/f/{form}", json=given)
    assert answer.status_code == 422
    assert errors_of(answer) == errors
