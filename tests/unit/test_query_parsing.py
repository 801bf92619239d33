"""Queries are read as they are meant."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.forms.definitions import NAME
from shared.query import Place, QueryError, parse, terms
from shared.query.filters import FORM_NAME
from shared.query.parser import DEPTH_MOST, LENGTH_MOST
from shared.query.tree import (
    After,
    And,
    Assigned,
    Before,
    Field,
    Form,
    From,
    Has,
    Is,
    Label,
    Last,
    Not,
    On,
    Or,
    Phrase,
    Prefix,
    Query,
    Score,
    Word,
)
from support.steps import steps_of

A, B, C = Word("a"), Word("b"), Word("c")

EXAMPLES: dict[str, Query] = {
    "": And(()),
    " \t\u00a0": And(()),
    "ada": Word("ada"),
    "Ada@example.org": Word("Ada@example.org"),
    "exam*": Prefix("exam"),
    '"exact words"': Phrase("exact words"),
    "\u201cexact words\u201d": Phrase("exact words"),
    "«exact words»": Phrase("exact words"),
    "\uff02exact words\uff02": Phrase("exact words"),
    "\u2212a": Not(A),
    "a \u2013b \u2014(a OR c) \u2010field.g:1": And((A, Not(B), Not(Or((A, C))), Not(Field("g", "", Word("1"))))),
    "a\u2013b": Word("a\u2013b"),
    "\uff08a OR b\uff09 c": And((Or((A, B)), C)),
    "form\uff1acontact": Form("contact"),
    "exam\uff0a": Prefix("exam"),
    "field.g\uff1a\uff1e\uff1d2": Field("g", ">=", Decimal(2)),
    'field."\uff08カナ\uff09"\uff1a\uff1da': Field("\uff08カナ\uff09", "=", A),
    'label:"\uff08a\uff09"': Label("\uff08a\uff09"),
    '"OR"': Phrase("OR"),
    "or": Word("or"),
    "https://example.org/a": Word("https://example.org/a"),
    "12:30": Word("12:30"),
    "e-mail": Word("e-mail"),
    "東京": Word("東京"),
    "a b": And((A, B)),
    "a AND b": And((A, B)),
    "a OR b": Or((A, B)),
    "a b OR c": Or((And((A, B)), C)),
    "a (b OR c)": And((A, Or((B, C)))),
    "(a)": A,
    "((a b)) c": And((And((A, B)), C)),
    "-a": Not(A),
    "NOT a": Not(A),
    "NOT (a OR b)": Not(Or((A, B))),
    "-(a b)": Not(And((A, B))),
    "-(-a)": Not(Not(A)),
    "-form:contact": Not(Form("contact")),
    '-"a b"': Not(Phrase("a b")),
    'ada example.org "exact words" -newsletter': And(
        (Word("ada"), Word("example.org"), Phrase("exact words"), Not(Word("newsletter")))
    ),
    "form:contact": Form("contact"),
    "Form:Contact": Form("Contact"),
    "is:New": Is("new"),
    "is:held OR is:failed": Or((Is("held"), Is("failed"))),
    "label:urgent": Label("urgent"),
    'label:"very urgent"': Label("very urgent"),
    "assigned:me": Assigned("me"),
    "from:ada@example.org": From(Word("ada@example.org")),
    "from:ada*": From(Prefix("ada")),
    'field.topic:"A fault"': Field("topic", "", Phrase("A fault")),
    "field.topic:fau*": Field("topic", "", Prefix("fau")),
    "field.topic:=fault": Field("topic", "=", Word("fault")),
    "field.a.b:x": Field("a.b", "", Word("x")),
    'field."PLZ Ort":x': Field("PLZ Ort", "", Word("x")),
    "field.guests:2": Field("guests", "", Word("2")),
    "field.guests:>2": Field("guests", ">", Decimal(2)),
    "field.guests:>=-2.50": Field("guests", ">=", Decimal("-2.5")),
    "field.day:<2026-11-22": Field("day", "<", date(2026, 11, 22)),
    'field.day:<="2026-11-22"': Field("day", "<=", date(2026, 11, 22)),
    "has:file has:reply": And((Has("file"), Has("reply"))),
    "after:2026-11-01 before:2026-12-01": And((After(date(2026, 11, 1)), Before(date(2026, 12, 1)))),
    "on:today": On("today"),
    "on:Yesterday": On("yesterday"),
    "last:7d": Last(7, "d"),
    "last:24H": Last(24, "h"),
    "score:80": Score("", 80),
    "score:=80": Score("", 80),
    "Score:>60": Score(">", 60),
    "-score:<=5": Not(Score("<=", 5)),
    "label:OR": Label("OR"),
}


@pytest.mark.parametrize(("text", "tree"), EXAMPLES.items())
def test_a_query(text: str, tree: Query) -> None:
    assert parse(text) == tree
    assert parse(str(tree)) == tree


def part_of(text: str, place: Place) -> str:
    return text[place.offset : place.offset + place.length]


def test_every_part_knows_its_place() -> None:
    text = '  a (b OR NOT is:new)  -field.topic:>=2  "c d" NOT e'
    tree = parse(text)
    assert isinstance(tree, And)
    shown = [part_of(text, term.place) for term in terms(tree)]
    assert shown == ["a", "b", "is:new", "field.topic:>=2", '"c d"', "e"]
    parts = [part_of(text, part.place) for part in tree.parts]
    assert parts == ["a", "b OR NOT is:new", "-field.topic:>=2", '"c d"', "NOT e"]
    assert part_of(text, tree.place) == text.strip()


FRAGMENTS = st.sampled_from(
    [
        *("a", "b*", '"', "\u201c", "(", ")", "-", " ", " ", " ", ":", "*", "OR", "AND", "NOT", "OR ", " NOT "),
        *(
            "form:",
            "is:",
            "is:new",
            "label:",
            "assigned:me",
            "from:",
            "has:file",
            "score:>60",
            "score:",
            "on:today",
            "last:7d",
            "after:",
        ),
        *("field.", "field.a:", 'field."a b":', ">", "<=", "=", "2", "-2.50", "2026-11-22", "@", "//", "!", "東京"),
        *("\uff08", "\uff09", "\uff1a", "\uff1e", "\uff1d", "\uff0a", "\u2212", "\u2013", "\u00ab", "\uff02"),
        *("\u00a0", "\u3099", "\ufdfa", "\x1c", "\ud800", "\\", "'"),
    ]
)
QUERIES = st.lists(FRAGMENTS, max_size=30).map("".join) | st.text(max_size=60)
RUNS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters='()"“”„‟*:'), min_size=1).filter(
    lambda text: text.isalnum() and text not in ("AND", "OR", "NOT")
)
TREES: st.SearchStrategy[Query] = st.recursive(
    RUNS.map(Word)
    | RUNS.map(Prefix)
    | RUNS.map(lambda text: Phrase(f"{text} OR - ( {text}"))
    | st.sampled_from(list(terms(And(tuple(EXAMPLES.values())))))
    | st.builds(lambda name, text: Field(f"{name} :", "=", Word(text)), RUNS, RUNS)
    | RUNS.map(lambda text: Label(f"{text} :-"))
    | st.decimals("-1e19", "1e19", places=3).map(lambda number: Field("n", "<", number)),
    lambda inner: (
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: And(tuple(parts)))
        | st.lists(inner, min_size=2, max_size=4).map(lambda parts: Or(tuple(parts)))
        | inner.map(Not)
    ),
    max_leaves=12,
)


def read_or_mistaken(text: str) -> Query | QueryError:
    try:
        return parse(text)
    except QueryError as error:
        return error


@given(text=QUERIES)
@example(text='label:">" field.x:=">2"')
def test_any_text_is_read_or_has_a_mistake_within_it(text: str) -> None:
    tree = read_or_mistaken(text)
    if isinstance(tree, QueryError):
        assert 0 <= tree.place.offset <= tree.place.offset + tree.place.length <= len(text)
        assert tree.reason.startswith("expected ")
        return
    assert parse(str(tree)) == tree
    assert len(str(tree)) <= len(text)
    assert all(part_of(text, term.place) for term in terms(tree))


@given(tree=TREES)
def test_a_tree_that_is_written_is_read_as_the_same(tree: Query) -> None:
    text = str(tree)
    if len(text) <= LENGTH_MOST and text.count("(") <= DEPTH_MOST:
        assert parse(text) == tree


@pytest.mark.parametrize(
    "piece", ["a ", "a", '"', '"a" ', "(", "-(", "a OR ", "-", "*", "a:", "field.a:", "\u3099", " ", "NOT ", "\u0f71a"]
)
def test_reading_takes_steps_in_proportion(piece: str) -> None:
    def cost(size: int) -> int:
        return steps_of(lambda: parse(piece * (size // len(piece))))

    cost(8)
    assert cost(1000) <= 2.2 * cost(500) + 200
    assert cost(1_000_000) <= cost(1000) + 200


def test_a_form_is_named_as_in_the_forms_file() -> None:
    assert FORM_NAME.pattern == NAME.pattern


def test_places_do_not_count_when_trees_are_compared() -> None:
    assert parse("a  b") == parse("a b")
    assert [each.name for each in fields(Word) if each.compare] == ["text"]
