"""What a stranger typed, as a submission's page shows it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.forms import Field, Form
from storage_service.console.pages.submission.values import (
    FIELDS_MOST,
    TEXT_MOST,
    FieldShown,
    fields_shown,
    text_of,
)

FORM = Form("contact", "Contact", {"mail": Field("mail", "email", label="Your address")})


def shown(value: Any) -> FieldShown:
    [field] = fields_shown({"x": value}, None)
    return field


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ("Ada", "text", "Ada"),
        ("one\r\ntwo\rthree", "text", "one\ntwo\nthree"),
        (True, "text", "yes"),
        (False, "text", "no"),
        (3, "text", "3"),
        (0.1, "text", "0.1"),
        (-0.0, "text", "-0.0"),
        (None, "empty", ""),
        ("", "empty", ""),
        (" \n\t ", "empty", ""),
        ("\u200b\u2060", "empty", ""),
        ([], "empty", ""),
        (["", None], "empty", ""),
        (["red", "blue", 3, True, None], "list", "red\nblue\n3\nyes\n"),
        ({"a": {"b": [1, "ü"]}}, "nested", '{\n  "a": {\n    "b": [\n      1,\n      "ü"\n    ]\n  }\n}'),
        ([["a"]], "nested", '[\n  [\n    "a"\n  ]\n]'),
    ],
)
def test_a_value_is_shown_by_its_kind(value: Any, kind: str, text: str) -> None:
    field = shown(value)
    assert (field.kind, field.text) == (kind, text)
    assert field.preview is None
    assert field.left_out == 0


def test_the_entries_of_a_list_stay_apart() -> None:
    assert shown(["a\nb", "c"]).entries == ("a\nb", "c")


def test_a_copy_brings_nothing_that_controls_a_terminal() -> None:
    assert text_of("rm -rf /\x1b[2J\x07\x9b\x00") == "rm -rf /�[2J�\u203a�"
    assert "\x1b" not in text_of({"\x1b": "\x1b"})


def test_labels_are_the_forms_and_one_line_each() -> None:
    fields = {"mail": "a", "VAT_number": "b", "x\ny\u202e": "c", " ": "d", "a" * 5000: "e"}
    labels = [one.label for one in fields_shown(fields, FORM)]
    assert labels[:4] == ["Your address", "VAT number", "X y", "?"]
    assert len(labels[4]) == 300
    assert [one.label for one in fields_shown({"mail": "a"}, None)] == ["Mail"]


def test_a_long_text_begins_on_the_page_and_can_be_opened() -> None:
    field = shown("word " * 1000)
    assert field.preview == "word " * 120
    assert field.text == "word " * 1000
    assert shown("\n".join("abc" for _ in range(40))).preview == "\n".join("abc" for _ in range(30))
    many = shown(["a"] * 100)
    assert (many.kind, many.entries, many.preview) == ("text", (), "\n".join("a" for _ in range(30)))


def test_what_is_longer_than_a_page_takes_is_counted() -> None:
    field = shown("x" * (TEXT_MOST + 7))
    assert (len(field.text), field.left_out, field.characters) == (TEXT_MOST, 7, TEXT_MOST + 7)
    many = fields_shown({str(number): "x" for number in range(FIELDS_MOST + 5)}, None)
    assert len(many) == FIELDS_MOST
