"""A mistake in a query is told with its place and with what was expected there."""

from __future__ import annotations

import pytest

from shared.query import QueryError, parse
from shared.query.parser import DEPTH_MOST, LENGTH_MOST, TERMS_MOST

PART = 'expected a word, a "phrase", a filter such as form:contact, or ('
RIGHT_AFTER = "expected right after this - what it excludes:"
KEYS = (
    "expected form:, from:, is:, label:, assigned:, has:, after:, before:, on:, last:, score: or field.NAME:, or quotes"
)
LETTER = "expected a letter or a digit: nothing else is searched for"
NUMBER = "expected a number such as 2 or 2.5, or a day such as 2026-11-22"
DAY = "expected today, yesterday, or a day such as 2026-11-22, from 1970-01-01 to 2999-12-31"
STATE = "expected one of new, open, done, spam, starred, held, failed"
SCORE = "expected a number from 0 to 100, such as score:80 or score:>60"
SPAN = "expected a time such as 24h, 7d or 2w"

MISTAKES = [
    ("is:nwe", "nwe", STATE),
    ("ada is: b", 7, "expected a value right after is:"),
    ("form:", 5, "expected a value right after form:"),
    ("form:(a OR b)", 5, "expected a value right after form:"),
    ('form:"a b"', '"a b"', "expected a form's name: letters, digits, - and _"),
    ("a frm:contact", "frm:", KEYS),
    ("mailto:ada@example.org", "mailto:", KEYS),
    ("field:x", "field:", KEYS),
    ("field.:x", 6, "expected a field's name right after field. such as field.topic:"),
    ("field.topic", 11, "expected : and a value right after the field's name"),
    ('field."a b" x', 11, "expected : and a value right after the field's name"),
    ("field.topic: fault", 12, "expected a value right after the : of a field"),
    ("field.guests:>", 14, "expected a value right after the : of a field"),
    ("field.guests:>many", "many", NUMBER),
    ("field.guests:>2,5", "2,5", NUMBER),
    ("field.guests:>1e999999", "1e999999", NUMBER),
    (f"field.guests:>{'9' * 21}", "9" * 21, NUMBER),
    ("field.day:>2026-02-30", "2026-02-30", NUMBER),
    ("field.topic:=fau*", "fau*", "expected no * here: = asks for the whole value"),
    ("has:files", "files", "expected one of file, reply"),
    ("label:''  label:\"\"", '""', "expected a label"),
    ('assigned:" "', '" "', "expected me, none, or the address of whom it is assigned to"),
    ("after:2026-13-01", "2026-13-01", DAY),
    ("on:1969-12-31", "1969-12-31", DAY),
    ("before:01.12.2026", "01.12.2026", DAY),
    ("last:7", "7", SPAN),
    ("score:>", 7, "expected a number from 0 to 100 right after score:>"),
    ("score:101", "101", SCORE),
    ("score:-1", "-1", SCORE),
    ("score:>0.8", "0.8", SCORE),
    ("score:\N{ARABIC-INDIC DIGIT FIVE}", "\N{ARABIC-INDIC DIGIT FIVE}", SCORE),
    (f"score:{'9' * 900}", "9" * 900, SCORE),
    ("last:0d", "0d", SPAN),
    ("last:10000d", "10000d", SPAN),
    ("from:@", "@", LETTER),
    ("ada !!!", "!!!", LETTER),
    ("\N{PARTY POPPER}", "\N{PARTY POPPER}", LETTER),
    ('a ""', '""', LETTER),
    ("*", "*", LETTER),
    ("a*b", "*", "expected * only at the end of a word, such as exam*"),
    ("a**", "*", "expected * only at the end of a word, such as exam*"),
    ('ada "exact', '"', 'expected a second " that closes this one'),
    ('a"b"', '"', "expected a space before this"),
    ('"a"b', "b", "expected a space before this"),
    ('label:a"b"', '"', "expected a space before this"),
    ("f(x)", "(", "expected a space before this"),
    ("a OR(b)", "(", "expected a space before this"),
    ("(a b", "(", "expected a ) that closes this ("),
    ("a )", ")", "expected a ( before this )"),
    ("()", 1, PART),
    ("OR a", 0, PART),
    ("a OR", 4, PART),
    ("a OR OR b", 5, PART),
    ("(a OR)", 5, PART),
    ("a AND", 5, PART),
    ("NOT", 3, PART),
    ("NOT NOT a", 4, PART),
    ("-OR", 1, PART),
    ("a - b", "-", RIGHT_AFTER),
    ("a -", "-", RIGHT_AFTER),
    ("(-)", "-", RIGHT_AFTER),
    ("NOT -a", "-", "expected one - at most"),
    ("\u2212\u2013a", "\u2013", "expected one - at most"),
    ("a \u2013 b", "\u2013", RIGHT_AFTER),
    ("\uff08a b", "\uff08", "expected a ) that closes this ("),
    ("a\uff08b", "\uff08", "expected a space before this"),
    ("form\uff1a", 5, "expected a value right after form:"),
    ("a \x00", "\x00", "expected text: this character cannot be in any"),
    ("a \ud800", "\ud800", "expected text: this character cannot be in any"),
]


@pytest.mark.parametrize(("text", "at", "reason"), MISTAKES, ids=[ascii(text) for text, _, _ in MISTAKES])
def test_a_mistake(text: str, at: str | int, reason: str) -> None:
    """`at` is what the place has in it; where it is empty, its offset."""
    place, length = (at, 0) if isinstance(at, int) else (text.index(at), len(at))
    with pytest.raises(QueryError) as raised:
        parse(text)
    assert (raised.value.place.offset, raised.value.place.length) == (place, length)
    assert raised.value.reason.startswith(reason)
    assert str(raised.value) == f"at character {place + 1}: {raised.value.reason}"


def test_the_second_minus_is_one_too_many() -> None:
    with pytest.raises(QueryError, match="at character 2: expected one - at most"):
        parse("--a")


def test_an_error_repeats_nothing_of_the_query() -> None:
    with pytest.raises(QueryError) as raised:
        parse("from:ada@example.org after:1815-12-10")
    assert "ada" not in str(raised.value)
    assert "1815" not in str(raised.value)


@pytest.mark.parametrize(
    ("fits", "is_beyond", "offset"),
    [
        ("a" * LENGTH_MOST, "a" * (LENGTH_MOST + 7), LENGTH_MOST),
        ("a " * TERMS_MOST, "a " * (TERMS_MOST + 1), 2 * TERMS_MOST),
        ("(" * DEPTH_MOST + "a" + ")" * DEPTH_MOST, "(" * 11 + "a" + ")" * 11, DEPTH_MOST),
        ("-(" * DEPTH_MOST + "a" + ")" * DEPTH_MOST, "-(" * 11 + "a" + ")" * 11, 2 * DEPTH_MOST + 1),
        ("(a) " * 20, "", 0),
    ],
)
def test_a_limit(fits: str, is_beyond: str, offset: int) -> None:
    parse(fits)
    if is_beyond:
        with pytest.raises(QueryError, match="at most") as raised:
            parse(is_beyond)
        assert raised.value.place.offset == offset
