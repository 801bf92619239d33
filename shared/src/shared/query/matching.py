"""Tells whether an accepted submission is what a query asks for, as far as its event says."""

from __future__ import annotations

from functools import cached_property

from shared.contracts import SubmissionAccepted
from shared.query.errors import QueryError
from shared.query.parser import parse
from shared.query.submitted import Submitted, is_in, needle, searchable
from shared.query.tree import And, Field, Form, From, Has, Not, Or, Phrase, Prefix, Query, Score, Text, Word, terms
from shared.query.values import is_compared

_ANSWERED = (Word, Prefix, Phrase, Form, From, Field, Score)


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

    It takes time in proportion to the event, and then, for each word or phrase of the query, as long as it takes to
    search a text of that length.
    """
    return Matching(event).matches(tree)


class Matching:
    """Matches queries on one event. What is in it is looked at once, however many queries there are."""

    def __init__(self, event: SubmissionAccepted) -> None:
        self._event = event
        self._fields: dict[str, Submitted] = {}

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
                return is_in(needle(tree), self._all_words)
            case Form(value=name):
                return self._event.form == name
            case From(value=text):
                return _is_from(text, self._event.reply_address or "")
            case Field(name=name):
                return self._submitted(name).holds(tree)
            case Score(operator=sign, value=asked):
                verdict = self._event.verdict
                return verdict is not None and is_compared(sign, verdict.score, asked)
            case _:
                return bool(self._event.files)  # `has:file`

    @cached_property
    def _all_words(self) -> str:
        return "".join([self._submitted(name).words for name in self._event.fields])

    def _submitted(self, name: str) -> Submitted:
        if name not in self._fields:
            self._fields[name] = Submitted(self._event.fields.get(name))
        return self._fields[name]


def _is_from(text: Text, address: str) -> bool:
    wanted, found = text.text.casefold(), address.casefold()
    if "@" not in wanted or isinstance(text, Prefix):
        return is_in(needle(text), searchable([address]))
    return found.endswith(wanted) if wanted.startswith("@") else found == wanted
