"""What is suggested while a query is typed can be asked as it stands, and is put where the cursor is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.query import QueryError, parse
from shared.query.completing import KEYS, SUGGESTED_MOST, Completion, Known, KnownField, completed
from shared.query.parser import LENGTH_MOST

FIELDS = {
    "contact": {"topic": KnownField("Your topic", ("A fault", "Praise")), "PLZ Ort": KnownField("Where")},
    "signup": {"name": KnownField()},
}


def fields(named: frozenset[str]) -> dict[str, KnownField]:
    asked = named or FIELDS.keys()
    return {name: field for form in asked for name, field in FIELDS.get(form, {}).items()}


KNOWN = Known(
    forms=lambda: {"contact": "Write to us", "signup": "Sign up"},
    labels=lambda: ["urgent", "very urgent", "äpfel"],
    people=lambda: ["ada@example.org", "charles@example.org"],
    fields=fields,
)


def at_end(text: str) -> Completion:
    return completed(text, len(text), KNOWN)


def texts(text: str) -> list[str]:
    return [one.text for one in at_end(text).suggestions]


def applied(text: str, at: int | None = None) -> list[str]:
    """Return what the text becomes with each suggestion."""
    found = completed(text, len(text) if at is None else at, KNOWN)
    start, end = found.place.offset, found.place.offset + found.place.length
    return [text[:start] + one.text + text[end:] for one in found.suggestions]


def test_the_filters_are_those_that_a_query_may_have() -> None:
    with pytest.raises(QueryError) as caught:
        parse("unknown:x")
    assert {key.removesuffix(":") for key in KEYS} == {
        *(part.strip(" :") for part in caught.value.reason.partition("expected ")[2].partition(" or ")[0].split(",")),
        "field.",
    }


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("is:n", ["is:new"]),
        ("IS:S", ["is:spam", "is:starred"]),
        ("ada -is:sp", ["is:spam"]),
        ("has:", ["has:file", "has:reply"]),
        ("form:", ["form:contact", "form:signup"]),
        ("form:write", ["form:contact"]),
        ("(form:si", ["form:signup"]),
        ("label:u", ["label:urgent", 'label:"very urgent"']),
        ('label:"very u', ['label:"very urgent"']),
        ("label:Ä", ["label:äpfel"]),
        ("assigned:", ["assigned:me", "assigned:none", "assigned:ada@example.org", "assigned:charles@example.org"]),
        ("after:y", ["after:yesterday"]),
        ("last:7", ["last:7d"]),
        ("score:>", ["score:>=80", "score:>50"]),
        ("sco", ["score:"]),
        ("field.", ["field.topic:", 'field."PLZ Ort":', "field.name:"]),
        ("form:signup field.", ["field.name:"]),
        ("field.wh", ['field."PLZ Ort":']),
        ('field."PL', ['field."PLZ Ort":']),
        ("field.topic:", ['field.topic:"A fault"', "field.topic:Praise"]),
        ('field.topic:="a f', ['field.topic:="A fault"']),
        ("fo", ["form:"]),
        ("urg", ["label:urgent", 'label:"very urgent"']),
        ("cont", ["form:contact"]),
        ("from:a", []),
        ("https://exa", []),
        ("nothing:", []),
        ('"a phrase', []),
        ("\uff08is\uff1ane", ["is:new"]),
    ],
)
def test_what_fits_is_suggested(typed: str, expected: list[str]) -> None:
    assert texts(typed) == expected


def test_nothing_typed_shows_the_filters() -> None:
    assert texts("") == list(KEYS)[:SUGGESTED_MOST]
    assert not any(one.is_whole for one in at_end("ada ").suggestions)


def test_it_goes_where_the_cursor_is() -> None:
    assert applied("is:n form:contact", 4) == ["is:new form:contact"]
    assert applied("ada is:nxx x", 8) == ["ada is:new x"]
    assert applied("-label:urg x", 10) == ["-label:urgent x", '-label:"very urgent" x']
    assert applied('label:"very ur" x', 14) == ['label:"very urgent" x']
    assert applied('label:"very ur x', 14) == ['label:"very urgent" x']
    assert completed("ada", 99, KNOWN).place.offset == 0
    assert completed("ada", -1, KNOWN).place == completed("ada", 0, KNOWN).place


def test_a_text_that_is_too_long_is_not_looked_into() -> None:
    assert at_end("is:n " * LENGTH_MOST).suggestions == ()


_SIGNS = 'isfeldform.:-("*\uff1a\u201c a\u00e4\U0001f39f'


@given(st.text(alphabet=st.sampled_from(_SIGNS), max_size=40), st.integers(-1, 41))
def test_whatever_is_typed_a_suggestion_fits_in(text: str, at: int) -> None:
    found = completed(text, at, KNOWN)
    assert 0 <= found.place.offset <= found.place.offset + found.place.length <= len(text)
    for one in found.suggestions:
        behind = "x:y" if one.text == "field." else _VALUES.get(one.text, "x")
        parse(one.text if one.is_whole else one.text + behind)


_VALUES = {
    "is:": "new",
    "has:": "file",
    "last:": "7d",
    "score:": ">80",
    **dict.fromkeys(("on:", "after:", "before:"), "today"),
}
