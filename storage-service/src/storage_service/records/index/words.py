"""Keeps tokens where a database finds them: PostgreSQL's `tsvector` with GIN, SQLite's FTS5. Neither cuts a text."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Text,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import JSON, TSQUERY, TSVECTOR

from shared.query import Needle
from storage_service.records.index.among import among
from storage_service.tables import search_entries, submissions

_WORDS = table("search_words", column("number", BigInteger), column("tokens", TSVECTOR))
_FTS = table("search_words", column("rowid", BigInteger), column("tokens", Text))
_E, _S = search_entries.c, submissions.c

_ROWS = func.json_to_recordset(cast(bindparam("rows", type_=Text()), JSON))
_AS_ROWS = _ROWS.table_valued(column("number", BigInteger), column("tokens", Text)).render_derived(with_types=True)
_KEPT = func.array_to_tsvector(func.string_to_array(_AS_ROWS.c.tokens, " "))
_ALL_WORDS = insert(_WORDS).from_select(["number", "tokens"], select(_AS_ROWS.c.number, _KEPT))
"""One document in the place of a statement for each entry. No token has a space in it."""


class Words(Protocol):
    """The tokens of all entries, by their numbers."""

    def add(self, connection: Connection, tokens: Mapping[int, Collection[str]]) -> None:
        """Keep them, each token of an entry once."""

    def remove(self, connection: Connection, numbers: Sequence[int]) -> None:
        """Forget all tokens of entries."""

    def joined(self) -> FromClause:
        """Return the submissions, with what `have` needs beside each."""

    def have(self, *needles: Needle) -> ColumnElement[bool]:
        """Return whether a submission has the tokens of all needles, at least one, wherever they stand.

        Null stands for no where a submission is not in the index.
        """

    def are_quick(self, *needles: Needle) -> bool:
        """Return whether `have` says it quickly of needles that begin a word, too."""


IsCommon: TypeAlias = Callable[[Select[Any]], bool]
"""Says whether a query finds many rows. SQLite is asked before: it plans without knowing how many a word has."""


def never(_found: Select[Any]) -> bool:
    """Take everything for rare."""
    return False


def words_of(dialect: str, is_common: IsCommon = never) -> Words:
    """Return how a kind of database keeps words."""
    return _PostgresqlWords() if dialect == "postgresql" else _SqliteWords(is_common)


class _PostgresqlWords:
    def add(self, connection: Connection, tokens: Mapping[int, Collection[str]]) -> None:
        rows = [{"number": number, "tokens": " ".join(some)} for number, some in tokens.items()]
        connection.execute(_ALL_WORDS, {"rows": json.dumps(rows, ensure_ascii=False)})

    def remove(self, connection: Connection, numbers: Sequence[int]) -> None:
        connection.execute(delete(_WORDS).where(among(_WORDS.c.number, numbers, "postgresql")))

    def joined(self) -> FromClause:
        entries = submissions.outerjoin(search_entries, _E.id == _S.id)
        return entries.outerjoin(_WORDS, _WORDS.c.number == _E.number)

    def have(self, *needles: Needle) -> ColumnElement[bool]:
        query = " & ".join(" & ".join(map(_lexeme, one.tokens)) + (":*" if one.is_prefix else "") for one in needles)
        return _WORDS.c.tokens.bool_op("@@")(cast(literal(query), TSQUERY))

    def are_quick(self, *_needles: Needle) -> bool:
        return True


class _SqliteWords:
    def __init__(self, is_common: IsCommon) -> None:
        self._is_common = is_common

    def add(self, connection: Connection, tokens: Mapping[int, Collection[str]]) -> None:
        rows = [{"rowid": number, "tokens": " ".join(some)} for number, some in tokens.items()]
        connection.execute(insert(_FTS), rows)

    def remove(self, connection: Connection, numbers: Sequence[int]) -> None:
        connection.execute(delete(_FTS).where(_FTS.c.rowid.in_(numbers)))

    def joined(self) -> FromClause:
        return submissions

    def have(self, *needles: Needle) -> ColumnElement[bool]:
        matching = _matching(needles)
        found = select(_E.id).join(_FTS, _FTS.c.rowid == _E.number).where(matching)
        if self._is_common(select(_FTS.c.rowid).where(matching)):  # then the list is walked, and soon has a page full
            return found.where(_E.id == _S.id).correlate(submissions).exists()
        return _S.id.in_(found)

    def are_quick(self, *needles: Needle) -> bool:
        # FTS5 gathers all words that begin so anew for each submission of a list that is walked.
        begun = any(one.is_prefix for one in needles)
        return not (begun and self._is_common(select(_FTS.c.rowid).where(_matching(needles))))


def _matching(needles: Sequence[Needle]) -> ColumnElement[bool]:
    query = " AND ".join(" AND ".join(map(_string, one.tokens)) + (" *" if one.is_prefix else "") for one in needles)
    return column("search_words").bool_op("MATCH")(query)


def _string(token: str) -> str:
    return f'"{token}"'


def _lexeme(token: str) -> str:
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"
