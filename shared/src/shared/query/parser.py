"""Reads a query into its tree, in one go from left to right.

    query        = [ alternatives ]
    alternatives = all { "OR" all }
    all          = part { [ "AND" ] part }
    part         = [ "-" | "NOT" ] ( "(" alternatives ")" | phrase | filter | word )

`-` stands right before what it excludes, and spaces between all else. What a phrase, a filter and a word are,
`filters.py` says.
"""

from __future__ import annotations

import re

from shared.query.cursor import Cursor
from shared.query.errors import Place, QueryError
from shared.query.filters import read_filter, read_text
from shared.query.tree import And, Not, Or, Query, Term

LENGTH_MOST = 1000
"""Characters of a query."""

TERMS_MOST = 50
"""Words, phrases and filters of a query."""

DEPTH_MOST = 10
"""How deep parentheses may nest."""

_PART = 'a word, a "phrase", a filter such as form:contact, or ('
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def parse(text: str) -> Query:
    """Return the tree of a query; raises `QueryError` for whatever is wrong with it.

    A text of nothing but spaces asks for everything. It takes time in proportion to the text; one that is longer than
    `LENGTH_MOST` is not looked into.
    """
    if len(text) > LENGTH_MOST:
        raise QueryError(f"expected {LENGTH_MOST} characters at most", Place(LENGTH_MOST, len(text) - LENGTH_MOST))
    if odd := _UNSTORABLE.search(text):
        raise QueryError("expected text: this character cannot be in any", Place(odd.start(), 1))
    return _Parser(Cursor(text)).query()


class _Parser:
    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._terms = 0
        self._depth = 0
        self._end = 0  # of the last part that was read

    def query(self) -> Query:
        self._cursor.skip_spaces()
        if not self._cursor.next():
            return And(())
        tree = self._alternatives()
        if self._cursor.next():  # nothing else ends one but a parenthesis
            raise QueryError("expected a ( before this )", self._cursor.here(1))
        return tree

    def _alternatives(self) -> Query:
        start, found = self._start(), [self._all()]
        while self._take_keyword("OR"):
            found.append(self._all())
        return found[0] if len(found) == 1 else Or(tuple(found), place=start.until(self._end))

    def _all(self) -> Query:
        start, found = self._start(), [self._part()]
        while self._take_keyword("AND") or not self._is_over():
            found.append(self._part())
        return found[0] if len(found) == 1 else And(tuple(found), place=start.until(self._end))

    def _start(self) -> Place:
        self._cursor.skip_spaces()
        return self._cursor.here()

    def _is_over(self) -> bool:
        return self._cursor.next() in ("", ")") or self._cursor.keyword() == "OR"

    def _take_keyword(self, keyword: str) -> bool:
        self._cursor.skip_spaces()
        if self._cursor.keyword() != keyword:
            return False
        self._cursor.at += len(keyword)
        return True

    def _part(self) -> Query:
        start = self._start()
        is_excluded = self._take_keyword("NOT")
        if is_excluded:
            self._cursor.skip_spaces()
        elif is_excluded := self._cursor.take("-"):
            self._refuse_space(start.until(self._cursor.at))
        if is_excluded and self._cursor.next() == "-":
            raise QueryError("expected one - at most", self._cursor.here(1))
        part = self._group() or self._term()
        if not self._is_alone():
            raise QueryError("expected a space before this", self._cursor.here(1))
        self._end = self._cursor.at
        return Not(part, place=start.until(self._end)) if is_excluded else part

    def _refuse_space(self, minus: Place) -> None:
        if self._is_alone():
            raise QueryError(f"expected right after this - what it excludes: {_PART}", minus)

    def _is_alone(self) -> bool:
        """Return whether nothing follows closely."""
        return self._cursor.next() in ("", ")") or self._cursor.next().isspace()

    def _group(self) -> Query | None:
        opening = self._cursor.here(1)
        if not self._cursor.take("("):
            return None
        self._depth += 1
        if self._depth > DEPTH_MOST:
            raise QueryError(f"expected {DEPTH_MOST} parentheses in each other at most", opening)
        tree = self._alternatives()
        if not self._cursor.take(")"):
            raise QueryError("expected a ) that closes this (", opening)
        self._depth -= 1
        return tree

    def _term(self) -> Term:
        start = self._cursor.here()
        if self._is_over() or self._cursor.keyword():
            raise QueryError(f"expected {_PART}", start)
        self._terms += 1
        if self._terms > TERMS_MOST:
            raise QueryError(f"expected {TERMS_MOST} words, phrases and filters at most", start)
        key = self._cursor.take_key()
        return read_text(self._cursor) if key is None else read_filter(key, self._cursor, start)
