"""Looks at the newest submissions to learn how many a query finds, where PostgreSQL does not know."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, case, func, literal_column, select

from shared.query import Query
from shared.query.tree import Field, From, Prefix, terms
from storage_service.records.bounded import Reader
from storage_service.tables import IS_THERE, submissions

SAMPLED = 400
"""How many are looked at: a few milliseconds."""

OFTEN = 40
"""Where so many of them match, a list that is walked has a thousand before all that match have been gathered."""

_S = submissions.c


class Sampling:
    """Samples what a query finds. It takes a time only for what PostgreSQL cannot know."""

    def __init__(self, reader: Reader, source: FromClause, *, is_sqlite: bool) -> None:
        self._reader = reader
        self._source = source
        self._is_sqlite = is_sqlite

    def finds_often(self, query: Query | None, asked: ColumnElement[bool]) -> bool:
        """Return whether a list of it is better walked than gathered; True where the database itself decides well.

        PostgreSQL knows the beginnings of words that are frequent by themselves, and not of many that are rare. SQLite
        is asked by `words`.
        """
        if self._is_sqlite or query is None or not _begins_a_word(query):
            return True
        with self._reader.connection() as connection:
            return (connection.scalar(self._matching(asked)) or 0) >= OFTEN

    def _matching(self, asked: ColumnElement[bool]) -> Select[Any]:
        newest = select(_S.id).where(IS_THERE).order_by(_S.accepted_at.desc(), _S.id.desc()).limit(SAMPLED)
        does = case((asked, 1), else_=0) == 1  # in a CASE no index is found for it: it is asked of these alone
        matching: Select[Any] = select(literal_column("1")).select_from(self._source).where(_S.id.in_(newest), does)
        return select(func.count()).select_from(matching.subquery())


def _begins_a_word(query: Query) -> bool:
    return any(isinstance(one.value if isinstance(one, Field | From) else one, Prefix) for one in terms(query))
