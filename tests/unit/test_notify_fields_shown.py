"""What an owner is shown of a submission: in the form's order, by its labels, and nothing that turns text round."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notify_service.channels.fields_shown import NO_NAME, FieldShown, fields_shown, lines_of
from shared.contracts import JsonValue
from shared.forms import Field, Form
from support.events import an_event

FIELDS = {
    "topic": Field("topic", "choice", choices=("A fault", "Praise")),
    "VAT_number": Field("VAT_number", "text"),
    "phone": Field("phone", "tel", label="iPhone or landline"),
    "bank": Field("bank", "text", label="IBAN"),
    "text": Field("text", "text", label="What\nis it?"),
}
FORM = Form("contact", "Contact", FIELDS)


def test_fields_stand_in_the_forms_order_by_their_labels_as_written() -> None:
    event = an_event(text="Hello", bank="DE02", phone="1", VAT_number="2", topic="A fault")
    assert fields_shown(event, FORM) == [
        FieldShown("Topic", ["A fault"]),
        FieldShown("VAT number", ["2"]),
        FieldShown("iPhone or landline", ["1"]),
        FieldShown("IBAN", ["DE02"]),
        FieldShown("What is it?", ["Hello"]),
    ]


def test_what_the_form_does_not_define_comes_behind_in_the_order_it_came() -> None:
    event = an_event(zebra="1", topic="Praise", ape="2")
    assert [one.label for one in fields_shown(event, FORM)] == ["Topic", "Zebra", "Ape"]
    assert [one.label for one in fields_shown(event, Form("any", "Any"))] == ["Zebra", "Topic", "Ape"]


@pytest.mark.parametrize(
    ("include", "labels"),
    [(None, ["Topic", "IBAN"]), (("bank", "topic"), ["Topic", "IBAN"]), (("bank",), ["IBAN"]), ((), [])],
)
def test_only_what_is_included_is_shown(include: tuple[str, ...] | None, labels: list[str]) -> None:
    event = an_event(topic="Praise", bank="DE02")
    assert [one.label for one in fields_shown(event, FORM, include)] == labels


@pytest.mark.parametrize("value", [None, "", "  \n ", [], ["", " "], "\u200b\u2060\ufeff", "\u202e"])
def test_what_is_empty_is_left_out(value: JsonValue) -> None:
    assert fields_shown(an_event(topic=value), FORM) == []


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("one", ["one"]),
        ("one\r\ntwo\rthree\x0bfour\u2028five", ["one", "two", "three", "four", "five"]),
        ("\n\n  one \n\n\n\n two\n\n", ["  one", "", " two"]),
        (True, ["yes"]),
        (False, ["no"]),
        (0, ["0"]),
        (12.5, ["12.5"]),
        (["Fish", "", "Meat\nand more"], ["Fish", "", "Meat", "and more"]),
        ({"a": ["ü", None]}, ['{"a": ["ü", null]}']),
        ({"a\x9b2J": "b\x7f"}, ['{"a\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}2J": "b\N{REPLACEMENT CHARACTER}"}']),
        ("a\x1b[2Jb\x00c", ["a\N{REPLACEMENT CHARACTER}[2Jb\N{REPLACEMENT CHARACTER}c"]),
        ("abc\u202egnp.exe\u2066x\u2069", ["abcgnp.exex"]),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"]),
        ("\U0001f469\u200d\U0001f469\u200d\U0001f467", ["\U0001f469\u200d\U0001f469\u200d\U0001f467"]),
    ],
)
def test_a_value_becomes_lines(value: JsonValue, lines: list[str]) -> None:
    assert lines_of(value) == lines


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, FieldShown("Topic", ["yes"], answer=True)),
        (False, FieldShown("Topic", ["no"], answer=False)),
        (["Fish", "Meat"], FieldShown("Topic", ["Fish", "Meat"], is_list=True)),
        (["Fish"], FieldShown("Topic", ["Fish"])),
        ("Fish\nMeat", FieldShown("Topic", ["Fish", "Meat"])),
    ],
)
def test_an_answer_and_a_list_are_marked_as_such(value: JsonValue, expected: FieldShown) -> None:
    assert fields_shown(an_event(topic=value), FORM) == [expected]


@pytest.mark.parametrize("name", ["", " ", "\u200b", "\u202e"])
def test_a_name_that_nobody_sees_has_a_label(name: str) -> None:
    [shown] = fields_shown(replace(an_event(), fields={name: "x"}), Form("any", "Any"))
    assert shown.label == NO_NAME
