"""An event is matched by what its submission says; what it cannot say is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import Control, Verdict
from shared.query import Matching, QueryError, check_answerable, matches, parse, parse_for_event, tokens
from support.events import an_event, with_files
from support.steps import steps_of

FIELDS: dict[str, Any] = {
    "name": "Ada Lovelace",
    "email": "Ada@Example.org",
    "topic": "A fault",
    "message": "Crème brûlée in STRASSBURG, 東京都 and İstanbul \N{PARTY POPPER}. Don't call 030/1234.",
    "tags": ["red wine", "Blue"],
    "guests": 3,
    "price": 2.5,
    "typed": " 12\n",
    "consent": True,
    "day": "2026-11-22",
    "meeting": "2026-11-22T10:00",
    "address": {"city": "Łódź", "lines": ["Piotrkowska 1"]},
    "PLZ Ort": "10115 Berlin",
    "nothing": None,
    "ticked": "on",
    "cost": "1.234,50 €",
    "rooms": ["2", "12,5", 30],
}

HOLDS = [
    *("", "ada", "ADA lovelace", "lovelace ada", "-newsletter", "newsletter OR ada", "love*", '"ada lovelace"'),
    *("ada@example.org", "example", "exam*", "example.org", "creme", "BRÛLÉE", "straßburg", "istanbul", "ISTANBUL"),
    *("İSTANBUL", "東京", "京都", "東京都", "京", "都", '"東京都 and"', "don't", '"don t"', "030/1234", "red", "blue"),
    *("lodz", "piotrkowska", "3", "10115", "(ada OR bob) fault", "-(bob fault)", "NOT bob", '"wine"'),
    *("form:contact", "-form:other", "from:ada@example.org", "from:ADA@EXAMPLE.ORG", "from:@example.org", "from:ada"),
    *("from:example.org", "from:exam*", "from:ada@exam*", "-from:bob", "-has:file"),
    *("field.topic:fault", 'field.topic:"a fault"', 'field.topic:="A FAULT!"', "field.topic:fau*", "field.tags:wine"),
    *('field.tags:="red wine"', "field.tags:blue", "field.guests:3", "field.guests:=3", 'field.guests:"3.0"'),
    *("field.guests:>2", "field.guests:>=3", "field.guests:<=3", "field.guests:<3.5", "field.price:2.5"),
    *("field.price:<3", "field.typed:>9", "field.typed:<100", "field.consent:yes", "field.consent:=TRUE"),
    *("field.day:2026-11-22", "field.day:>2026-11-21", "field.day:<=2026-11-22", "field.meeting:>=2026-11-22"),
    *("field.ticked:yes", "field.ticked:on", "field.cost:>1234", "field.cost:<=1234.5", "-field.cost:>1235"),
    *("field.rooms:>29", "field.rooms:<3", "-field.rooms:>30", "field.rooms:30", "field.rooms:=2", "field.rooms:<=2"),
    *('field."PLZ Ort":berlin', 'field."PLZ Ort":101*', "field.address:lodz", "-field.other:x", "field.guests:3*"),
]
FAILS = [
    *(
        "bob",
        "ada bob",
        "-ada",
        '"lovelace ada"',
        "lov",
        "ada@example.com",
        "京東",
        "東京府",
        '"ada ada"',
        "true",
        "city",
    ),
    *('"lovelace example"', '"wine blue"', "ada -fault", "(bob OR carol)", "form:Contact", "form:other", "has:file"),
    *("from:da@example.org", "from:ada@example", "from:@xample.org", "from:@example", "from:lovelace", "from:ad"),
    *("field.topic:=fault", "field.topic:lovelace", "field.Topic:fault", "field.other:x", "field.tags:=red"),
    *("field.guests:>3", "field.guests:<3", "field.guests:30", "field.price:2", "field.price:5", "field.typed:>100"),
    *("field.consent:no", "field.consent:>0", "field.name:>1", "field.nothing:none", "field.day:>2026-11-22"),
    *("field.ticked:no", "field.ticked:true", "field.rooms:<2", "field.rooms:12.6", 'field.rooms:="2 12"'),
    *("field.day:>2", "field.guests:>2026-11-21", "field.other:<5", "field.tags:>1", '"red" "bob"'),
]

EVENT = an_event(form="contact", **FIELDS)


@pytest.mark.parametrize("query", HOLDS)
def test_it_is_asked_for(query: str) -> None:
    assert matches(parse(query), EVENT)


@pytest.mark.parametrize("query", FAILS)
def test_it_is_not_asked_for(query: str) -> None:
    assert not matches(parse(query), EVENT)


def test_a_file_is_had() -> None:
    event = with_files(EVENT)
    assert matches(parse("has:file"), event)
    assert not matches(parse("-has:file"), event)
    assert matches(parse("-has:file"), EVENT)


@pytest.mark.parametrize(
    ("query", "of"),
    [
        ("score:80", [80]),
        ("score:>80", [81, 100]),
        ("score:>=80", [80, 81, 100]),
        ("score:<80", [0, 79]),
        ("score:<=80", [0, 79, 80]),
        ("-score:>80", [None, 0, 79, 80]),
    ],
)
def test_what_looks_like_spam_is_asked_for_by_its_score(query: str, of: list[int | None]) -> None:
    scores = (None, 0, 79, 80, 81, 100)
    events = {one: replace(EVENT, verdict=None if one is None else Verdict(one, "1-0", ())) for one in scores}
    assert [one for one, event in events.items() if matches(parse(query), event)] == of


def test_who_submitted_is_whom_a_reply_goes_to() -> None:
    event = replace(EVENT, control=Control(reply_to="bob@example.com"))
    assert matches(parse("from:bob@example.com -from:ada"), event)
    nobody = an_event(name="Ada")
    assert not matches(parse("from:ada OR from:@example.org"), nobody)


UNANSWERABLE = {
    "ada is:new": (4, 6, "is:"),
    "form:a OR -(label:b)": (12, 7, "label:"),
    "assigned:me": (0, 11, "assigned:"),
    "has:file has:reply": (9, 9, "has:reply"),
    "after:2026-11-01": (0, 16, "after:"),
    "before:2026-11-01": (0, 17, "before:"),
    "on:today": (0, 8, "on:"),
    "a last:7d": (2, 7, "last:"),
}


@pytest.mark.parametrize("query", UNANSWERABLE)
def test_what_a_new_event_cannot_say_is_refused(query: str) -> None:
    offset, length, key = UNANSWERABLE[query]
    for ask in (lambda: parse_for_event(query), lambda: matches(parse(query), EVENT)):
        with pytest.raises(QueryError) as raised:
            ask()
        assert (raised.value.place.offset, raised.value.place.length) == (offset, length)
        assert raised.value.reason == f"{key} cannot be answered when a submission comes in"


def test_what_a_new_event_can_say_is_taken() -> None:
    query = 'a "b c" d* form:e from:f field.g:h field.i:>2 has:file -(j OR k) score:>9'
    assert parse_for_event(query) == parse(query)
    check_answerable(parse(""))


@pytest.mark.parametrize("empty", ["", "  "])
def test_a_query_for_events_says_something(empty: str) -> None:
    with pytest.raises(QueryError, match="expected something to look for"):
        parse_for_event(empty)


WORDS = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=8).filter(
    lambda text: text not in ("AND", "OR", "NOT") and bool(tokens(text))
)


@given(before=WORDS, word=WORDS, after=WORDS)
def test_what_was_submitted_is_found_by_it(before: str, word: str, after: str) -> None:
    event = Matching(an_event(message=f"{before} {word}, {after}"))
    for query in (word, word.upper(), f"{word[:3]}*", f'"{word} {after}"', f"field.message:{word}", f"-(-{word})"):
        if tokens(query):
            assert event.matches(parse(query)), query


FINITE = st.floats(allow_nan=False, allow_infinity=False)
"""An event holds no others."""


@given(value=st.recursive(st.none() | st.booleans() | st.integers() | FINITE | st.text(), st.lists), other=st.text())
def test_any_value_is_compared_without_an_error(value: Any, other: str) -> None:
    event = an_event(value=value, other=other)
    for query in ("a", '"a b"', "field.value:>2", "field.value:<2026-11-22", "field.value:=2", "field.other:x*"):
        matches(parse(query), event)


QUERIES = ["ada", "form:contact", "field.guests:>2", "field.topic:=x", "field.tags:wine", '"a fault"', "-b", "from:ada"]


@given(st.permutations(QUERIES))
def test_what_was_asked_before_makes_no_difference(queries: list[str]) -> None:
    event = Matching(EVENT)
    assert [event.matches(parse(query)) for query in queries] == [matches(parse(query), EVENT) for query in queries]


@pytest.mark.parametrize("piece", ["a ", "a", "東", "é ", "\u0315\u0300", "9", "2026-11-22"])
def test_matching_takes_steps_in_proportion(piece: str) -> None:
    tree = parse(
        '"a a a a b" OR "東東東京" OR field.message:>2 OR field.message:="a b" OR field.message:b* OR '
        "field.tags:y OR field.tags:<1 OR field.days:>2026-11-22 OR field.days:=z OR field.tags:z*"
    )

    def cost(size: int) -> int:
        many = size // 10
        event = an_event(message=piece * (size // len(piece)), tags=["x", 1] * many, days=[piece] * many)
        return steps_of(lambda: matches(tree, event))

    cost(8)
    assert cost(20_000) <= 2.2 * cost(10_000) + 500
