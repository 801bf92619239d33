"""Fills a storage database with submissions of varied text, by SQL alone."""

from __future__ import annotations

from sqlalchemy import Engine, text

_WORDS = "'word' || (i % 5000) || ' of a text ' || (i % 77)"
_MESSAGE = f"{_WORDS} || ', and then some more words of number ' || (CAST(i AS bigint) * 7919 % 1000003)"
_FIELDS = (
    """'{"name":"Ada Lovelace ' || i || '","email":"ada-' || i || '@example.org","guests":' || (i % 100) || """
    f"""',"topic":"' || {_WORDS} || '","message":"' || {_MESSAGE} || '"}}'"""
)
_COLUMNS = "id, form, accepted_at, stored_at, fields, fingerprint, source, control"
_SERIES = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows) "

NAMES = ("name", "email", "guests", "topic", "message")
"""The fields of each."""

_POSTGRESQL = f"""
CAST(md5(i::text) AS uuid), 'form' || (i % 20),
TIMESTAMPTZ '2026-01-01 00:00Z' + i * INTERVAL '1 second', TIMESTAMPTZ '2026-01-01 00:00Z' + i * INTERVAL '1 second',
CAST({_FIELDS} AS json), repeat('0', 64), json '{{"ip":"127.0.0.1","user_agent":"bench"}}', json '{{}}'
"""
_MOMENT = "strftime('%Y-%m-%dT%H:%M:%S', '2026-01-01', i || ' seconds') || '.000000Z'"
_SQLITE = f"""
printf('%08x%024x', i * 2654435761 % 4294967296, i), 'form' || (i % 20),
{_MOMENT}, {_MOMENT}, {_FIELDS}, printf('%064d', 0), '{{"ip":"127.0.0.1","user_agent":"bench"}}', '{{}}'
"""


def fill(engine: Engine, rows: int) -> None:
    """Store so many, one accepted each second, and tell the database how many there are."""
    is_postgresql = engine.dialect.name == "postgresql"
    values = _POSTGRESQL if is_postgresql else _SQLITE
    with engine.begin() as connection:
        statement = f"INSERT INTO submissions ({_COLUMNS}) {_SERIES} SELECT {values} FROM n"  # noqa: S608 - our own
        connection.execute(text(statement), {"rows": rows})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if is_postgresql else "ANALYZE")
