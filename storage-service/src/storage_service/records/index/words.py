"""Keeps tokens where a database finds them: PostgreSQL's `tsvector` with GIN, SQLite's FTS5. Neither cuts a text."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
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
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, TSVECTOR

from storage_service.tables import search_entries, submissions

_WORDS = table("search_words", column("number", BigInteger), column("tokens", TSVECTOR))
_FTS = table("search_words", column("rowid", BigInteger), column("tokens", Text))
_E, _S = search_entries.c, submissions.c


class Words(Protocol):
    """The tokens of all entries, by their numbers."""

    def add(self, connection: Connection, tokens: Mapping[int, Collection[str]]) -> None:
        """Keep them, each token of an entry once."""

    def remove(self, connection: Connection, numbers: Sequence[int]) -> None:
        """Forget all tokens of entries."""

    def joined(self) -> FromClause:
        """Return the submissions, with what `have` needs beside each."""

    def have(self, tokens: Sequence[str], *, is_prefix: bool) -> ColumnElement[bool]:
        """Return whether a submission has all tokens, at least one; of the last, maybe its beginning only.

        Null stands for no where a submission is not in the index.
        """


def words_of(dialect: str) -> Words:
    """Return how a kind of database keeps words."""
    return _PostgresqlWords() if dialect == "postgresql" else _SqliteWords()


class _PostgresqlWords:
    def add(self, connection: Connection, tokens: Mapping[int, Collection[str]]) -> None:
        kept = func.array_to_tsvector(cast(bindparam("list", type_=ARRAY(Text)), ARRAY(Text)))
        statement = insert(_WORDS).values(number=bindparam("entry"), tokens=kept)
        connection.execute(statement, [{"entry": number, "list": list(some)} for number, some in tokens.items()])

    def remove(self, connection: Connection, numbers: Sequence[int]) -> None:
        connection.execute(delete(_WORDS).where(_WORDS.c.number.in_(numbers)))

    def joined(self) -> FromClause:
        entries = submissions.outerjoin(search_entries, _E.id == _S.id)
        return entries.outerjoin(_WORDS, _WORDS.c.number == _E.number)

    def have(self, tokens: Sequence[str], *, is_prefix: bool) -> ColumnElement[bool]:
        query = " & ".join(map(_lexeme, tokens)) + (":*" if is_prefix else "")
        return _WORDS.c.tokens.bool_op("@@")(cast(literal(query), TSQUERY))


class _SqliteWords:
    def add(self, connection: Connection, tokens: Mapping[int, Collection[str]]) -> None:
        rows = [{"rowid": number, "tokens": " ".join(some)} for number, some in tokens.items()]
        connection.execute(insert(_FTS), rows)

    def remove(self, connection: Connection, numbers: Sequence[int]) -> None:
        connection.execute(delete(_FTS).where(_FTS.c.rowid.in_(numbers)))

    def joined(self) -> FromClause:
        return submissions

    def have(self, tokens: Sequence[str], *, is_prefix: bool) -> ColumnElement[bool]:
        query = " AND ".join(f'"{token}"' for token in tokens) + (" *" if is_prefix else "")
        found = select(_E.id).join(_FTS, _FTS.c.rowid == _E.number)
        return _S.id.in_(found.where(column("search_words").bool_op("MATCH")(query)))


def _lexeme(token: str) -> str:
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"
