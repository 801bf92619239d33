"""Gives a bench a database, and counts the rows and their speed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, create_engine, make_url, text

from bench.rounds import BenchFailed


def driven(database_url: str) -> str:
    """Return the URL as SQLAlchemy needs it: PostgreSQL by psycopg 3."""
    url = make_url(database_url)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)


class Counted:
    """One table that a consumer fills; `moment` is the column that says when a row was written.

    `only` picks the rows that count (SQL). `clear` empties the tables in `also` with it. Names and conditions are the
    bench's own.
    """

    def __init__(
        self, database_url: str, table: str, moment: str, only: str = "TRUE", also: tuple[str, ...] = ()
    ) -> None:
        self._engine: Engine = create_engine(driven(database_url))
        self._table, self._moment, self._only, self._also = table, moment, only, also

    def clear(self) -> None:
        """Delete every row, where there is the table already."""
        with self._engine.begin() as connection:
            for table in (self._table, *self._also):
                if self._engine.dialect.has_table(connection, table):
                    connection.execute(text(f"TRUNCATE {table} CASCADE"))

    def rows(self) -> int:
        """Return how many rows count; none where there is no table."""
        with self._engine.connect() as connection:
            if not self._engine.dialect.has_table(connection, self._table):
                return 0
            found = connection.execute(text(f"SELECT count(*) FROM {self._table} WHERE {self._only}"))  # noqa: S608
            return int(found.scalar_one())

    def per_s(self) -> float:
        """Return the rows after the first moment, over the time from the first moment to the last.

        Raises `BenchFailed` where these are too few.
        """
        query = (
            f"WITH counted AS (SELECT {self._moment} AS at FROM {self._table} WHERE {self._only}) "  # noqa: S608
            "SELECT count(*), count(*) FILTER (WHERE at > (SELECT min(at) FROM counted)), min(at), max(at) FROM counted"
        )
        with self._engine.connect() as connection:
            rows, after, first, last = connection.execute(text(query)).one()
        if not after:
            raise BenchFailed(f"{self._table} holds {rows} rows: too few to measure")
        return float(after / _seconds(first, last))

    def bytes_a_row(self) -> float:
        """Return what a row has on the disk, its share of the indexes included."""
        query = f"SELECT pg_total_relation_size('{self._table}') / (SELECT count(*)::float FROM {self._table})"  # noqa: S608
        with self._engine.connect() as connection:
            return float(connection.execute(text(query)).scalar_one())

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def _seconds(first: datetime, last: datetime) -> float:
    return (last - first).total_seconds()
