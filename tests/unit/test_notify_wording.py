from __future__ import annotations

from dataclasses import replace

import pytest

from notify_service.wording import (
    MAX_LINES,
    MAX_ROWS,
    MAX_SUBJECT_CHARACTERS,
    MAX_VALUE_CHARACTERS,
    Wording,
    subject_of,
)
from shared.contracts import Control, JsonValue, SubmissionAccepted
from shared.forms import Field, Form
from support.confirmations import a_form
from support.events import WRITTEN_AT, an_event

NOTHING = "\N{EN DASH}"


def text(event: SubmissionAccepted, form: Form | None = None) -> str:
    return Wording("Counterfoil").words(event, form or a_form(), "subject").text


def html(event: SubmissionAccepted, form: Form | None = None) -> str:
    return Wording("Counterfoil").words(event, form or a_form(), "subject").html


def test_a_signup_reads_so() -> None:
    event = replace(an_event(), accepted_at=WRITTEN_AT)
    assert text(event) == (
        "Thank you. We have received what you sent with the form “Sign up”.\n"
        "\n"
        "What you sent\n"
        "-------------\n"
        "\n"
        "Name: Ada Lovelace\n"
        "Email: ada@example.org\n"
        "\n"
        "Received 22 November 2026, 17:03 UTC\n"
        f"Reference {event.id}\n"
        "\n"
        "----\n"
        "Counterfoil sent this mail because this address was entered in the form “Sign up”.\n"
        "If that was not you, you need not do anything.\n"
    )


def test_a_form_has_its_own_words() -> None:
    form = a_form(text="Dear {name},\n\nwe write to {email}.\nSoon.\n")
    body = text(an_event(), form)
    assert body.startswith("Dear Ada Lovelace,\n\nwe write to ada@example.org.\nSoon.\n\nWhat you sent\n")
    assert "we write to ada@example.org.<br>Soon.</p>" in html(an_event(), form)


def test_fields_stand_in_the_order_of_the_form_under_its_labels() -> None:
    form = replace(
        a_form(), fields={"email": Field("email", "email"), "name": Field("name", "text", label="Your name")}
    )
    body = text(an_event(extra_note="x", name="Ada", email="ada@example.org"), form)
    assert "\n\nEmail: ada@example.org\nYour name: Ada\nExtra note: x\n\n" in body


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", f"V: {NOTHING}"),
        (None, f"V: {NOTHING}"),
        ([], f"V: {NOTHING}"),
        ({}, f"V: {NOTHING}"),
        (True, "V: Yes"),
        (False, "V: No"),
        (0, "V: 0"),
        (51.5, "V: 51.5"),
        ("one\r\ntwo\rthree", "V:\n    one\n    two\n    three"),
        (["brass"], "V: • brass"),
        (["brass", "steel"], "V:\n    • brass\n    • steel"),
        (
            {"city": "London", "geo": {"lat": 1, "lon": 2}},
            "V:\n    city: London\n    geo:\n    \xa0\xa0lat: 1\n    \xa0\xa0lon: 2",
        ),
        ([{"a": 1, "b": 2}], "V:\n    • a: 1\n    \xa0\xa0b: 2"),
        ("\x1b[31mred\x07", "V: �[31mred�"),
    ],
)
def test_a_value_is_shown_legibly(value: JsonValue, shown: str) -> None:
    assert f"\n{shown}\n" in text(an_event(v=value))


def test_much_is_cut_and_said_to_be() -> None:
    body = text(an_event(v="x" * (MAX_VALUE_CHARACTERS + 7)))
    assert f"{'x' * MAX_VALUE_CHARACTERS}… (7 more characters)" in body
    assert "… and 5 more lines" in text(an_event(v=["x"] * (MAX_LINES + 5)))
    assert "… and 3 more fields" in text(replace(an_event(), fields={f"f{n}": n for n in range(MAX_ROWS + 3)}))


def test_without_fields_there_is_no_list() -> None:
    event = replace(an_event(), fields={})
    assert "What you sent\n" not in text(event)


@pytest.mark.parametrize(
    ("control", "template", "expected"),
    [
        (None, "", "Sign up: we have your submission"),
        (None, "Welcome, {name}", "Welcome, Ada Lovelace"),
        (None, "  {missing}  ", "Sign up: we have your submission"),
        ("My own {name}", "Welcome, {name}", "My own {name}"),
        ("a\tb", "", "a b"),
        ("x" * 300, "", "x" * MAX_SUBJECT_CHARACTERS + "…"),
    ],
)
def test_the_subject_is_the_submissions_or_the_forms_or_a_default(
    control: str | None, template: str, expected: str
) -> None:
    event = replace(an_event(), control=Control(subject=control))
    assert subject_of(event, a_form(subject=template)) == expected
