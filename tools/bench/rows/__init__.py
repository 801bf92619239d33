"""The rows of the table, one module each: a context manager that yields what is measured side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bench.rounds import Subject
from bench.rows.accepts import accepts
from bench.rows.exports import exports
from bench.rows.inbox import inbox
from bench.rows.judged import judged
from bench.rows.latency import latency
from bench.rows.lists import lists
from bench.rows.mails import mails
from bench.rows.memory import memory
from bench.rows.readers import readers
from bench.rows.retention import on_postgresql, on_sqlite
from bench.rows.sealed import sealed
from bench.rows.spam import spam
from bench.rows.stored import indexed, stored
from bench.rows.streams import streams
from bench.rows.uploads import uploads
from bench.world import World


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what it says, how long it takes about (at the full scale), and at most how many rounds it has."""

    what: str
    subjects: Callable[[World], AbstractContextManager[list[Subject]]]
    expected_s: int
    rounds_most: int | None = None


ROWS: Mapping[str, Row] = {
    "accepts": Row("durable accepts at 64 connections", accepts, 270),
    "sealed": Row("accepts of a form with a sealed field", sealed, 90),
    "judged": Row("accepts of a form that a spam model judges", judged, 120),
    "stored": Row("stored events a second, PostgreSQL", stored, 150),
    "indexed": Row("stored events a second with the search index behind it", indexed, 60),
    "mails": Row("confirmation mails a second", mails, 60),
    "latency": Row("from 202 to row and mail, at half load", latency, 60),
    "memory": Row("memory over a backlog", memory, 200, rounds_most=1),
    "uploads": Row("64 uploads of 25 MB at once, to a directory", uploads, 120),
    "streams": Row("accepts beside open receipt streams", streams, 90),
    "exports": Row("exports of very many submissions", exports, 1000),
    "lists": Row("pages of lists and searches", lists, 150),
    "inbox": Row("the console's inbox over very many submissions", inbox, 300),
    "retention": Row("accepts and the inbox while all is due, PostgreSQL", on_postgresql, 300),
    "retention-sqlite": Row("accepts and the inbox while all is due, SQLite", on_sqlite, 300),
    "spam": Row("what the spam model catches and loses on a public corpus", spam, 240, rounds_most=1),
    "readers": Row("accepts beside exports and searchers", readers, 120),
}
