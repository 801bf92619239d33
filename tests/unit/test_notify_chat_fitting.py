"""Shortening: never more than fits, never inside what people see as one character, and the rest is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_service.channels.chat import slack
from notify_service.channels.chat.fitting import (
    ELLIPSIS,
    PLAIN_EACH,
    Limits,
    cost_of,
    cut,
    fitted,
    in_plain,
    plain,
    utf16,
)
from notify_service.channels.fields_shown import FieldShown

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
THUMB = "\U0001f44d\U0001f3fd"


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("ab  cd", 5, "ab…"),
        ("\U0001f600\U0001f600", 4, "\U0001f600\U0001f600"),
        ("\U0001f600\U0001f600\U0001f600", 4, "\U0001f600…"),
        ("a\U0001f600b", 3, "a…"),
        (f"ab{FAMILY}{FAMILY}", 8, "ab…"),
        (f"ab{FAMILY}{FAMILY}", 12, f"ab{FAMILY}…"),
        (f"ab{THUMB}cd", 6, "ab…"),
        ("abe\u0301\u0301\u0301x", 5, "ab…"),
        ("a" + "\u0301" * 100, 50, "a" + "\u0301" * 48 + "…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
        ("", 0, ""),
    ],
)
def test_a_text_is_cut_between_characters(text: str, most: int, shown: str) -> None:
    assert cut(text, most, utf16) == shown


@given(st.text(max_size=60), st.integers(0, 70), st.sampled_from([utf16, slack.cost]))
def test_a_cut_text_is_a_beginning_that_costs_no_more(text: str, most: int, cost: object) -> None:
    shown = cut(text, most, cost)  # type: ignore[arg-type]
    assert cost_of(shown, cost) <= most  # type: ignore[arg-type]
    assert text.startswith(shown.removesuffix(ELLIPSIS)) or shown == text


LIMITS = Limits(total=200, label=10, value=60, fields=3, each=2)


def field(label: str, *lines: str) -> FieldShown:
    return FieldShown(label, list(lines))


def test_what_fits_is_whole() -> None:
    assert fitted([field("a", "1"), field("b", "2", "3")], LIMITS) == ([("a", "1"), ("b", "2\n3")], True)
    assert fitted([], LIMITS) == ([], True)


@pytest.mark.parametrize(
    "fields",
    [
        [field("a" * 11, "1")],
        [field("a", "1" * 61)],
        [field("a", "1")] * 4,
        [field("a", "1" * 60)] * 3 + [field("b", "1")],
    ],
)
def test_what_does_not_fit_is_not_whole(fields: list[FieldShown]) -> None:
    shown, is_whole = fitted(fields, LIMITS)
    assert shown
    assert not is_whole


def test_a_value_is_shown_as_far_as_there_is_room_unless_that_is_too_little() -> None:
    roomy = Limits(total=100, label=10, value=60, fields=9, each=0)
    assert [len(value) for _, value in fitted([field("a", "1" * 50), field("b", "1" * 60)], roomy).fields] == [50, 48]
    assert [label for label, _ in fitted([field("a", "1" * 60), field("b", "1" * 60)], roomy).fields] == ["a"]


def test_as_plain_text_no_line_of_a_value_looks_like_another_field() -> None:
    shown = plain([("Name", "Ada"), ("Text", "one\nIBAN: DE02\n\nend")])
    assert shown == "Name: Ada\nText:\n  one\n  IBAN: DE02\n  \n  end"


def test_as_plain_text_a_label_with_a_mark_of_its_own_gets_no_second_one() -> None:
    assert plain([("What is it about?", "A fault"), ("Text:", "a\nb")]) == "What is it about? A fault\nText:\n  a\n  b"


@given(st.text(max_size=60), st.text(alphabet="ab\n", max_size=60))
def test_plain_text_costs_what_its_parts_are_said_to(label: str, value: str) -> None:
    most = cost_of(label, utf16) + cost_of(value, in_plain(utf16)) + PLAIN_EACH
    assert cost_of(plain([(label, value)]) + "\n", utf16) <= most
