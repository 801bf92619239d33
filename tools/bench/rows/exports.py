"""Measures exports of very many submissions, on both databases, and the memory that each takes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from bench.claims import COPY_OUT, CURSOR, EXPORTED, MEMORY, export_of
from bench.program import Program
from bench.rounds import Subject
from bench.submissions import fill
from bench.world import World
from shared import database
from storage_service.tables import MIGRATIONS

FORMATS = ("csv", "ndjson", "json", "xlsx")


@contextmanager
def exports(world: World) -> Iterator[list[Subject]]:
    """Yield each format on each database, beside what one would write by oneself, and COPY."""
    urls = {
        "PostgreSQL": world.postgres.create_database("exports"),
        "SQLite": f"sqlite:///{world.directory / 'exports.db'}",
    }
    for url in urls.values():
        engine = database.create(url)
        MIGRATIONS.upgrade(engine)
        fill(engine, world.scale.rows)
        engine.dispose()
    yield [Subject(name, partial(_exported, urls[kind], how)) for kind in urls for name, how in _subjects(kind)]


def _subjects(kind: str) -> Iterator[tuple[str, str]]:
    yield from ((export_of(one, kind), one) for one in FORMATS)
    yield f"{CURSOR}, {kind}", "cursor"
    if kind == "PostgreSQL":
        yield COPY_OUT, "copy"


def _exported(url: str, how: str) -> Mapping[str, float]:
    """Export in a process of its own, and return the speed and the most memory that it had."""
    program = Program(f"export {how}", (sys.executable, "-m", "bench.limits.exporting"))
    per_s, most_mb = map(float, program.run(url, how).split())
    return {EXPORTED: per_s, MEMORY: most_mb}
