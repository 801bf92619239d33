"""A submission is one line in the inbox: who sent it, and how it begins, however odd its fields are."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import JsonValue
from storage_service.records.preview import WHO_MOST, WORDS_MOST, preview


@pytest.mark.parametrize(
    ("fields", "who", "words"),
    [
        ({"name": "Ada", "mail": "a@example.org", "message": "Hello\nthere"}, "Ada", "Hello there"),
        ({"name": "Ada", "mail": "a@example.org"}, "Ada", "a@example.org"),
        ({"message": "Hello", "Your Name": " Ada \t Lovelace "}, "Ada Lovelace", "Hello"),
        ({"last-name": "Lovelace", "first-name": "Ada"}, "Ada Lovelace", ""),
        ({"Vorname": "Ada", "Nachname": "Lovelace", "x": 3}, "Ada Lovelace", "3"),
        ({"email": "ada@example.org", "topic": "A fault", "consent": True}, "ada@example.org", "A fault"),
        ({"topic": ["a", "b", None], "n": 2.5, "deep": {"x": 1}}, "", "a, b · 2.5"),
        ({"name": "", "email": "no address"}, "", "no address"),
        ({"name": "\u202eevil\u0000\x1b[31m", "message": "<script>"}, "\u202eevil[31m", "<script>"),
        ({}, "", ""),
    ],
)
def test_the_line_of_a_submission(fields: dict[str, JsonValue], who: str, words: str) -> None:
    found = preview(fields)
    assert (found.who.replace("\x00", ""), found.words) == (who, words)


def test_it_is_short_and_takes_no_longer_for_what_is_long() -> None:
    long: dict[str, JsonValue] = {"name": "N" * 1_000_000, **{f"f{n}": "w " * 100_000 for n in range(1000)}}
    began_s = time.perf_counter()
    found = preview(long)
    assert (len(found.who), found.who[-1]) == (WHO_MOST, "…")
    assert len(found.words) <= WORDS_MOST
    assert time.perf_counter() - began_s < 0.5


_VALUES = st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=8)


@given(st.dictionaries(st.text() | st.sampled_from(["name", "email", "vorname"]), _VALUES, max_size=6))
def test_whatever_was_submitted_is_one_line(fields: dict[str, JsonValue]) -> None:
    found = preview(fields)
    for text in (found.who, found.words):
        assert not set(text) & set("\n\r\t\x1b\u2028\u2029")
    assert len(found.who) <= WHO_MOST
    assert len(found.words) <= WORDS_MOST
