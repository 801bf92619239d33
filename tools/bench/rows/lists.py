"""Measures pages of lists and of searches over very many submissions, on both databases, and in PostgreSQL also the
first of each after a restart of the server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import Engine, text

from bench.claims import DATABASES, FOUND, LIKE, PAGE_P95, after_a_restart, list_of
from bench.figures import percentile
from bench.many_submissions import fill
from bench.rounds import Subject
from bench.world import World
from dev.postgres import Postgres
from shared import database
from shared.query import parse
from storage_service.records import Cursor, Records
from storage_service.tables import MIGRATIONS

PAGES = 30
RESTARTS = 5
ROWS = 50
_START = datetime(2026, 1, 1, tzinfo=UTC)

_RARE = "needle"
_LINES: Mapping[str, str] = {
    "first page": "",
    "a form and a day": "form:form7 on:2026-01-01",
    "a rare word": _RARE,
    "a medium word": "word17",
    "a word in all": "common",
    "a phrase": '"word17 common"',
    "a prefix": "word12*",
    "a field": "field.guests:>97",
}


@contextmanager
def lists(world: World) -> Iterator[list[Subject]]:
    """Yield each list on each database, warm, and the ids of a word, also by LIKE; then those that follow a restart."""
    urls = (world.postgres.create_database("lists"), f"sqlite:///{world.directory / 'lists.db'}")
    engines = dict(zip(DATABASES, map(database.create, urls), strict=True))
    for engine in engines.values():
        MIGRATIONS.upgrade(engine)
        fill(engine, world.scale.rows)
    rows = world.scale.rows
    warm = [subject for kind, engine in engines.items() for subject in _subjects(kind, engine, rows)]
    yield [*warm, *_after_restarts(world.postgres, engines["PostgreSQL"], rows)]
    for engine in engines.values():
        engine.dispose()


def _subjects(kind: str, engine: Engine, rows: int) -> Iterator[Subject]:
    for name, page in _pages(engine, rows).items():
        yield Subject(list_of(name, kind), partial(_paged, page))
    yield Subject(list_of(FOUND, kind), partial(_paged, partial(Records(engine).ids, parse(_RARE), None, ROWS)))
    yield Subject(list_of(LIKE, kind), partial(_paged, partial(_like, engine), 3))


def _after_restarts(postgres: Postgres, engine: Engine, rows: int) -> Iterator[Subject]:
    for name, page in _pages(engine, rows).items():
        yield Subject(after_a_restart(name), partial(_restarted, postgres, engine, page))


def _pages(engine: Engine, rows: int) -> Mapping[str, Callable[[], None]]:
    records = Records(engine)
    middle = Cursor("older", _START + timedelta(seconds=rows // 2), UUID(int=0))
    found = {name: partial(_page, records, line) for name, line in _LINES.items()}
    return found | {"a page in the middle": partial(_page, records, "", middle)}


def _page(records: Records, line: str, cursor: Cursor | None = None) -> None:
    records.page(parse(line), forms=None, limit=ROWS, cursor=cursor)


def _like(engine: Engine) -> None:
    found = "SELECT id FROM submissions WHERE CAST(fields AS text) LIKE :asked ORDER BY accepted_at DESC LIMIT :most"
    with database.reading(engine).connect() as connection:
        connection.execute(text(found), {"asked": f"%{_RARE}%", "most": ROWS}).all()


def _paged(page: Callable[[], object], times: int = PAGES) -> Mapping[str, float]:
    page()
    took_ms = []
    for _ in range(times):
        began_s = time.perf_counter()
        page()
        took_ms.append((time.perf_counter() - began_s) * 1000)
    return {PAGE_P95: percentile(took_ms, 95)}


def _restarted(postgres: Postgres, engine: Engine, page: Callable[[], None]) -> Mapping[str, float]:
    """Time the first page after each restart, a connection to be made and nothing in the server's memory. Whether the
    system still has the files in its own is as it is."""
    took_ms = []
    for _ in range(RESTARTS):
        engine.dispose()
        postgres.stop()
        postgres.start()
        began_s = time.perf_counter()
        page()
        took_ms.append((time.perf_counter() - began_s) * 1000)
    return {PAGE_P95: percentile(took_ms, 95)}
