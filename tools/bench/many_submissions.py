"""Fills a storage database with tens of thousands of submissions in seconds, index and all, by SQL alone."""

from __future__ import annotations

from sqlalchemy import Engine, text

from storage_service.records.index.facts import SENDER_KEY, fact, key_of, sender_is, sender_word

_SERIES = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows) "
_FORM = "CASE WHEN i % 10000 = 0 THEN 'rare' ELSE 'form' || (i % 20) END"
_SPAM = "CASE WHEN i % 50 = 0 THEN 'honeypot' END"
_SCORE = "CASE WHEN i % 3 = 0 THEN i % 101 END"
_STATE = "CASE WHEN i % 7000 = 0 THEN 'open' WHEN i % 4 = 0 THEN 'new' ELSE 'done' END"
_STARRED = "CASE WHEN i % 900 = 0 THEN {true} ELSE {false} END"
_ASSIGNEE = "CASE WHEN i % 800 = 0 THEN 'ada@example.org' WHEN i % 3 = 0 THEN 'bob@example.org' END"
_LABELS = "'often' AS folded FROM n WHERE i % 3 = 0 UNION ALL SELECT {key}, 'seldom' FROM n WHERE i % 4000 = 0"
_NAME = "'word' || (i % 5000) || ' common' || CASE WHEN i % 20000 = 0 THEN ' needle' ELSE '' END"
_FIELDS = f"""'{{"name": "' || {_NAME} || '", "guests": ' || (i % 100) || ', "text": "some more words"}}'"""
_GUESTS = "CASE WHEN i % 100 = 0 THEN '5' ELSE '650000' || length('' || (i % 100)) || rtrim('' || (i % 100), '0') END"
_DAY = "'2026-11-' || (10 + i % 20)"
_SOME_TOKENS = (
    f"{_NAME} || ' some more words {sender_word('sender')} ' || CASE WHEN i % 2500 = 0 THEN '{{}}' ELSE '' END"
)
_TOKENS = _SOME_TOKENS.format(f"{sender_is('ada@example.org')} {fact('consent', 'true')}")

_POSTGRESQL = {
    "id": "CAST(lpad(to_hex(i), 32, '0') AS uuid)",
    "moment": "TIMESTAMPTZ '2026-01-01 00:00Z' + i * INTERVAL '1 second'",
    "print": "repeat('0', 64)",
    "words": "number, tokens",
    "tokens": f"array_to_tsvector(array_remove(string_to_array({_TOKENS}, ' '), ''))",
    "json": "json",
    "true": "true",
    "false": "false",
}
_SQLITE = {
    "id": "printf('%032x', i)",
    "moment": "strftime('%Y-%m-%dT%H:%M:%S', '2026-01-01', i || ' seconds') || '.000000Z'",
    "print": "printf('%064d', 0)",
    "words": "rowid, tokens",
    "tokens": _TOKENS,
    "json": "text",
    "true": "1",
    "false": "0",
}


def _statements(of: dict[str, str]) -> list[str]:
    json, key = of["json"], of["id"]
    nothing = f"CAST('{{}}' AS {json})"
    fields = [
        f"'{key_of('name')}', '  ' || {_NAME} || '  ', '', NULL, NULL, NULL, NULL",
        f"'{key_of('guests')}', '', '  ' || (i % 100) || '  ', {_GUESTS}, {_GUESTS}, NULL, NULL",
        f"'{key_of('day')}', '', '', NULL, NULL, {_DAY}, {_DAY}",
        f"'{SENDER_KEY}', '  sender example org  ', '', NULL, NULL, NULL, NULL",
    ]
    columns = "(number, field, words, figures, least, greatest, first_day, last_day)"
    states = "CASE WHEN i % 2000 = 0 THEN 'failed' WHEN i % 3000 = 0 THEN 'held' ELSE 'sent' END"
    delivery = f"{key}, {key}, {_FORM}, 'owner', 'a***', {key}, 1, {states}, {of['moment']}"
    submission = f"{key}, {_FORM}, {of['moment']}, {of['moment']}, CAST({_FIELDS} AS {json}), {of['print']}"
    reply = f"CASE WHEN i % 850 = 0 THEN {of['moment']} END"
    files = "CASE WHEN i % 950 = 0 THEN 1 ELSE 0 END"
    waits = f"CASE WHEN i % 700 = 0 THEN {of['true']} END"
    work = f"{_SCORE}, {_STATE}, {_STARRED.format(**of)}, {_ASSIGNEE}, {reply}, {files}, {waits}"
    selected = {
        "submissions (id, form, accepted_at, stored_at, fields, fingerprint, source, control, spam, score, state,"
        " starred, assignee, replied_at, file_count, opt_in)": (
            f"{submission}, {nothing}, {nothing}, {_SPAM}, {work} FROM n"
        ),
        "submission_labels (submission_id, folded)": f"{key}, {_LABELS.format(key=key)}",
        "search_entries (number, id, generation)": f"i, {key}, 1 FROM n",
        f"search_words ({of['words']})": f"i, {of['tokens']} FROM n",
        "delivery_states (delivery_id, submission_id, form, channel, destination_shown, request, attempts, state,"
        " changed_at)": f"{delivery} FROM n WHERE i % 10 = 0",
    }
    inserted = [(f"search_fields {columns}", f"i, {field} FROM n") for field in fields]
    return [f"INSERT INTO {table} {_SERIES} SELECT {rows}" for table, rows in [*selected.items(), *inserted]]


def fill(engine: Engine, rows: int) -> None:
    """Store submissions number 1 to `rows`, one accepted each second, and tell the database how many there are."""
    is_postgresql = engine.dialect.name == "postgresql"
    with engine.begin() as connection:
        if is_postgresql:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # five millions take minutes
        for statement in _statements(_POSTGRESQL if is_postgresql else _SQLITE):
            connection.execute(text(statement), {"rows": rows})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if is_postgresql:
            connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql("VACUUM ANALYZE" if is_postgresql else "ANALYZE")
        connection.invalidate()  # the next to use it has its limits again
