"""Whoever works on a long job is killed: another console finishes it, each submission once, and undoes it too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select

from bench.many_submissions import fill
from shared.database import reading
from storage_service.accounts.keys import Keys
from storage_service.tables import submission_labels, submission_trail
from storage_service.work import Change, Work
from support.console_server import ConsoleServer
from support.polling import eventually
from support.submission_databases import migrated
from support.working import an_asker

ROWS = 20_000
BULK = "/v1/submissions/bulk"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        fill(made, ROWS)
        yield made


@pytest.fixture
def key(engine: Engine) -> str:
    return Keys(engine).add("ada", ["read", "write"], None, None)


@pytest.fixture
def consoles(
    engine: Engine, database_url: str, broker_url: str, tmp_path: Path
) -> Iterator[tuple[ConsoleServer, ConsoleServer]]:
    first, second = (
        ConsoleServer(tmp_path, database_url=database_url, broker_url=broker_url, name=name)
        for name in ("first", "second")
    )
    with first, second:
        yield first, second


def job_of(console: ConsoleServer, place: str, key: str) -> dict[str, Any]:
    answer = console.ask(place, key)
    assert answer.status_code == 200, answer.text
    job: dict[str, Any] = answer.json()
    return job


def finished_by_the_other(dies: ConsoleServer, lives: ConsoleServer, place: str, key: str) -> dict[str, Any]:
    """Kill one in the midst of a job, which the other, frozen till then, finishes; return the job."""
    eventually(lambda: job_of(dies, place, key)["done"] > ROWS / 10, 60, "it is in the midst of it")
    dies.kill()
    lives.resume()
    lives.await_ready()
    left = job_of(lives, place, key)
    assert left["state"] == "running", "vacuous: it was done before the kill"
    assert 0 < left["done"] < ROWS
    eventually(lambda: job_of(lives, place, key)["finished_at"] is not None, 480, "the other one finishes it")
    return job_of(lives, place, key)


def labelled(engine: Engine) -> int:
    """Return how many have the label."""
    with reading(engine).connect() as connection:
        return connection.scalar(select(func.count()).where(submission_labels.c.folded == "tidied")) or 0


def steps_in_trail(engine: Engine, job: str) -> tuple[int, int]:
    """Return how many steps in the trail a job made, and of how many submissions."""
    trail = submission_trail.c
    made = select(func.count(), func.count(trail.submission_id.distinct())).where(trail.job == UUID(job))
    with reading(engine).connect() as connection:
        row = connection.execute(made).one()
    return row[0], row[1]


def test_another_console_finishes_a_job_and_its_undoing(
    engine: Engine, consoles: tuple[ConsoleServer, ConsoleServer], key: str
) -> None:
    first, second = consoles
    second.pause_between_writes(engine)
    asked = {"q": "is:spam OR -is:spam", "action": {"labels": {"add": ["tidied"]}}}
    seen = first.ask(BULK, key, "POST", json=asked).json()
    assert seen["count"] == ROWS
    begun = first.ask(BULK, key, "POST", json=asked | {"confirm": ROWS, "moment": seen["moment"]})
    assert begun.status_code == 202, begun.text
    place = begun.headers["Location"]
    job = finished_by_the_other(first, second, place, key)
    assert (job["state"], job["done"], job["changed"], job["failed"]) == ("done", ROWS, ROWS, 0)
    assert labelled(engine) == ROWS
    assert steps_in_trail(engine, job["id"]) == (ROWS, ROWS)

    one = second.ask("/v1/submissions?limit=1", key).json()["submissions"][0]["id"]
    Work(engine).change(UUID(one), Change(add_labels=("mine",)), an_asker())
    first.start()
    first.await_ready()
    first.pause_between_writes(engine)
    undone = second.ask(f"{place}/undo", key, "POST")
    assert undone.status_code == 202, undone.text
    undo = finished_by_the_other(second, first, undone.headers["Location"], key)
    assert (undo["state"], undo["done"], undo["changed"], undo["unchanged"]) == ("done", ROWS, ROWS - 1, 1)
    assert labelled(engine) == 1
    assert steps_in_trail(engine, undo["id"]) == (ROWS - 1, ROWS - 1)
