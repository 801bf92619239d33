"""A console that is told to end in the midst of a job gives it back at once, and shows how many jobs wait."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import requests
from sqlalchemy import Engine

from bench.many_submissions import fill
from storage_service.accounts.keys import Keys
from support.console_server import ConsoleServer
from support.jobs import job_of
from support.polling import eventually
from support.submission_databases import migrated

ROWS = 5000
BULK = "/v1/submissions/bulk"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        fill(made, ROWS)
        yield made


@pytest.fixture
def console(engine: Engine, database_url: str, broker_url: str, tmp_path: Path) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path, database_url=database_url, broker_url=broker_url) as running:
        yield running


def test_it_ends_as_told_in_the_midst_of_a_job_which_goes_on_with_the_next(
    engine: Engine, console: ConsoleServer
) -> None:
    key = Keys(engine).add("ada", ["read", "write"], None, None)
    asked = {"q": "is:spam OR -is:spam", "action": {"labels": {"add": ["tidied"]}}, "confirm": ROWS}
    begun = console.ask(BULK, key, "POST", json=asked)
    assert begun.status_code == 202, begun.text
    job = UUID(begun.json()["job"]["id"])
    eventually(lambda: job_of(engine, job).done > 0, 60, "it is begun")
    figures = requests.get(f"{console.metrics_url}/metrics", timeout=5).text
    assert re.search(r'counterfoil_jobs\{state="(running|waiting)"\} 1', figures)
    assert console.stop() == 0
    left = job_of(engine, job)
    assert (left.state, left.holder) == ("running", None), "given back: nobody waits for a lease"
    assert left.done < ROWS, "vacuous: it was done before"
    assert '"level": "error"' not in console.log.read_text()
    console.start()
    eventually(lambda: not job_of(engine, job).is_open, 120, "the next one finishes it")
    assert (job_of(engine, job).state, job_of(engine, job).changed) == ("done", ROWS)
