"""Tells whether an accepted submission is what a query asks for, as far as its event says."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TypeAlias

from shared.contracts import JsonValue, SubmissionAccepted
from shared.query.errors import QueryError
from shared.query.parser import parse
from shared.query.tokens import Needle, needle_of, tokens
from shared.query.tree import And, Field, Form, From, Has, Not, Or, Phrase, Prefix, Query, Text, Word, terms
from shared.query.values import day_of, number_of

_COMPARISONS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
Leaf: TypeAlias = str | int | float | bool | None

_ANSWERED = (Word, Prefix, Phrase, Form, From, Field)
_YES, _NO = frozenset({"true", "on", "yes", "1"}), frozenset({"false", "off", "no", "0"})


def parse_for_event(text: str) -> Query:
    """Return the tree of a query that an event can answer; raises `QueryError` for any other, and for an empty one."""
    tree = parse(text)
    check_answerable(tree)
    if tree == And(()):
        raise QueryError("expected something to look for", tree.place)
    return tree


def check_answerable(tree: Query) -> None:
    """Raise `QueryError` at the first filter that asks for what is not known yet when a submission comes in."""
    for term in terms(tree):
        if not isinstance(term, _ANSWERED) and term != Has("file"):
            key = f"has:{term.value}" if isinstance(term, Has) else f"{term.KEY}:"
            raise QueryError(f"{key} cannot be answered when a submission comes in", term.place)


def matches(tree: Query, event: SubmissionAccepted) -> bool:
    """Return whether an event is what a query asks for; raises `QueryError` where `check_answerable` does.

    It takes time in proportion to the event, for each term of the query.
    """
    return Matching(event).matches(tree)


class Matching:
    """Matches queries on one event. Its texts are cut into tokens once, however many queries there are."""

    def __init__(self, event: SubmissionAccepted) -> None:
        self._event = event

    def matches(self, tree: Query) -> bool:
        """Do what the function `matches` does."""
        check_answerable(tree)
        return self._holds(tree)

    def _holds(self, tree: Query) -> bool:
        match tree:
            case And(parts=parts):
                return all(map(self._holds, parts))
            case Or(parts=parts):
                return any(map(self._holds, parts))
            case Not(part=part):
                return not self._holds(part)
            case Word() | Prefix() | Phrase():
                return _is_in(_needle(tree), self._all_fields)
            case Form(value=name):
                return self._event.form == name
            case From(value=text):
                return _is_from(text, self._event.reply_address or "")
            case Field(name=name):
                return any(_fits(tree, leaf) for leaf in _leaves(self._event.fields.get(name)))
            case _:
                return False  # `has:file`: no form takes files yet (decision 8)

    @cached_property
    def _all_fields(self) -> str:
        return "".join(map(_searchable, _leaves(list(self._event.fields.values()))))


def _leaves(value: JsonValue) -> Iterator[Leaf]:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        yield value
        return
    for inner in value:
        yield from _leaves(inner)


def _searchable(leaf: Leaf) -> str:
    """Return the tokens of a value, a space between them and one at each end: what follows is no neighbour.

    Yes and no are no words.
    """
    if leaf is None or isinstance(leaf, bool):
        return " "
    return f" {' '.join(tokens(str(leaf)))} "


def _is_in(needle: Needle, searchable: str) -> bool:
    wanted = " ".join(needle.tokens)
    return (f" {wanted}" if needle.is_prefix else f" {wanted} ") in searchable


def _needle(text: Text) -> Needle:
    return needle_of(text.text, is_prefix=isinstance(text, Prefix))


def _is_from(text: Text, address: str) -> bool:
    wanted, found = text.text.casefold(), address.casefold()
    if "@" not in wanted or isinstance(text, Prefix):
        return _is_in(_needle(text), _searchable(address))
    return found.endswith(wanted) if wanted.startswith("@") else found == wanted


def _fits(field: Field, leaf: Leaf) -> bool:
    if isinstance(field.value, Decimal | date):
        found = _like(field.value, leaf)
        return found is not None and _COMPARISONS[field.operator](found, field.value)
    if isinstance(leaf, bool):
        return field.value.text.casefold() in (_YES if leaf else _NO)
    if isinstance(leaf, int | float) and not isinstance(field.value, Prefix):
        return _as_number(leaf) == number_of(field.value.text)
    needle, searchable = _needle(field.value), _searchable(leaf)
    return searchable == f" {' '.join(needle.tokens)} " if field.operator == "=" else _is_in(needle, searchable)


def _like(wanted: Decimal | date, leaf: Leaf) -> Decimal | date | None:
    """Return what was submitted as a number or a day, as the query has it; None where it is neither."""
    if isinstance(leaf, str):
        text = leaf.strip()
        return number_of(text) if isinstance(wanted, Decimal) else day_of(text.partition("T")[0])
    return _as_number(leaf) if isinstance(wanted, Decimal) else None


def _as_number(leaf: Leaf) -> Decimal | None:
    return Decimal(str(leaf)) if isinstance(leaf, int | float) and not isinstance(leaf, bool) else None
