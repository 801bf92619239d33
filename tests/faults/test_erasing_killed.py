"""Whoever erases many is killed: another console finishes it, each once, and nothing of any is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select

from bench.many_submissions import fill
from shared.database import reading
from storage_service.accounts.keys import Keys
from storage_service.records import Records
from storage_service.tables import search_entries, submission_trail, submissions
from support.console_server import ConsoleServer
from support.polling import eventually
from support.submission_databases import migrated

ROWS = 10_000
BULK = "/v1/submissions/bulk"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        fill(made, ROWS)
        yield made


@pytest.fixture
def erasures(tmp_path: Path) -> Path:
    return tmp_path / "erasures"


@pytest.fixture
def consoles(
    engine: Engine, database_url: str, broker_url: str, tmp_path: Path, erasures: Path
) -> Iterator[tuple[ConsoleServer, ConsoleServer]]:
    settings = {"COUNTERFOIL_ERASURES": str(erasures)}
    first, second = (
        ConsoleServer(tmp_path, database_url=database_url, broker_url=broker_url, name=name, **settings)
        for name in ("first", "second")
    )
    with first, second:
        yield first, second


def test_another_console_finishes_it(
    engine: Engine, consoles: tuple[ConsoleServer, ConsoleServer], erasures: Path
) -> None:
    first, second = consoles
    key = Keys(engine).add("dpo", ["read", "write", "erase"], None, None)
    second.pause_between_writes(engine)
    asked = {"q": "is:spam OR -is:spam", "action": {"erase": True}}
    seen = first.ask(BULK, key, "POST", json=asked).json()
    assert seen["count"] == ROWS
    begun = first.ask(BULK, key, "POST", json=asked | {"confirm": ROWS, "moment": seen["moment"]})
    assert begun.status_code == 202, begun.text
    place = begun.headers["Location"]
    eventually(lambda: first.ask(place, key).json()["done"] > ROWS / 20, 60, "it is in the midst of it")
    first.kill()
    second.resume()
    second.await_ready()
    left = second.ask(place, key).json()
    assert left["state"] == "running", "vacuous: it was done before the kill"
    assert 0 < left["done"] < ROWS
    eventually(lambda: second.ask(place, key).json()["finished_at"] is not None, 480, "the other one finishes it")
    job = second.ask(place, key).json()
    assert (job["state"], job["done"], job["changed"], job["failed"]) == ("done", ROWS, ROWS, 0)
    assert Records(engine).count(None, None).n == 0
    assert _left(engine) == (ROWS, 0, ROWS)
    noted = {UUID(line.split(" ")[0]) for line in erasures.read_text().splitlines()}
    assert len(noted) == ROWS


def _left(engine: Engine) -> tuple[int, int, int]:
    """Return how many rows are emptied, how many entries the index has, and how many erasures the trail."""
    emptied = select(submissions.c.fields, submissions.c.source).where(submissions.c.erased_at.is_not(None))
    with reading(engine).connect() as connection:
        rows = connection.execute(emptied).all()
        entries = connection.scalar(select(func.count()).select_from(search_entries)) or 0
        steps = list(connection.scalars(select(submission_trail.c.changes)))
    assert all(row.fields == {} == row.source for row in rows)
    return len(rows), entries, sum(one == {"erased": True} for one in steps)
