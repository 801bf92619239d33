"""The search index as a process of its own: it fills, says how far behind it is, is killed, and ends as told."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, delete, update

from shared.messaging.failures import DependencyUnavailable
from shared.query import parse
from storage_service.records import Records
from storage_service.records.index.measuring import measure_lag
from storage_service.tables import LEASES, submissions
from support.events import an_event
from support.pace import stretched_s
from support.polling import eventually
from support.service import clean_environment
from support.submission_databases import migrated, store


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


def counted(engine: Engine, word: str) -> int:
    return Records(engine).count(parse(word), None).n


def store_now(engine: Engine, count: int) -> None:
    events = [an_event(name="ada") for _ in range(count)]
    store(engine, *events)
    with engine.begin() as connection:
        these = submissions.c.id.in_([one.id for one in events])
        connection.execute(update(submissions).where(these).values(stored_at=datetime.now(UTC)))


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "storage_service", "index", *arguments]


def test_it_fills_dies_and_is_followed(engine: Engine, database_url: str, tmp_path: Path) -> None:
    environment = clean_environment() | {"COUNTERFOIL_DATABASE_URL": database_url}
    store_now(engine, 300)
    with (tmp_path / "log").open("w") as log:
        first = subprocess.Popen(command(), env=environment, stdout=log, stderr=log)
        eventually(lambda: counted(engine, "ada") > 0, 30, "it fills")
        first.kill()
        assert first.wait(10) == -signal.SIGKILL
        with engine.begin() as connection:
            connection.execute(delete(LEASES))  # instead of half a minute
        store_now(engine, 1)  # the first, which may have been done, cannot have put this one into the index
        second = subprocess.Popen(command(), env=environment, stdout=log, stderr=log)
        eventually(lambda: counted(engine, "ada") == 301, 30, "another one goes on")
        second.send_signal(signal.SIGTERM)
        assert second.wait(30) == 0, (tmp_path / "log").read_text()


def test_it_is_made_anew_by_a_command(engine: Engine, database_url: str) -> None:
    environment = clean_environment() | {"COUNTERFOIL_DATABASE_URL": database_url}
    done = subprocess.run(
        command("--rebuild"), env=environment, capture_output=True, text=True, timeout=stretched_s(60)
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "made anew" in done.stdout


def test_the_lag_is_a_figure_and_none_while_the_database_is_away() -> None:
    registry, away = CollectorRegistry(), [False]

    def lag_s() -> float:
        if away[0]:
            raise DependencyUnavailable("away")
        return 2.5

    measure_lag(registry, lag_s)
    assert registry.get_sample_value("counterfoil_search_lag_seconds") == 2.5
    away[0] = True
    assert registry.get_sample_value("counterfoil_search_lag_seconds") is None
