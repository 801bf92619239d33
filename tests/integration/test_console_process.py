"""The console as a process: it starts, answers, bears that its database is away, and ends in order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import Engine, func, select

from dev.postgres import Postgres
from dev.processes import descendants
from shared.database import reading
from storage_service.console.serving.server import NICENESS
from storage_service.tables import LEASES, search_entries
from support.console_server import OPERATOR_KEY, ConsoleServer
from support.events import an_event
from support.polling import eventually
from support.service import ROOT, clean_environment
from support.submission_databases import migrated, store


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        store(made, an_event(name="Ada"), an_event(name="Bob"))
        yield made


@pytest.fixture
def console(engine: Engine, database_url: str, broker_url: str, tmp_path: Path) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path, database_url=database_url, broker_url=broker_url) as running:
        yield running


def test_it_answers_fills_the_index_and_gives_its_leases_back(engine: Engine, console: ConsoleServer) -> None:
    eventually(lambda: indexed(engine) == 2, 20, "both can be searched for")
    answer = console.ask("/v1/submissions?q=bob&count=some")
    assert answer.status_code == 200, answer.text
    assert [one["fields"]["name"] for one in answer.json()["submissions"]] == ["Bob"]
    assert answer.json()["count"] == {"n": 1, "exact": True}
    assert answer.headers["Cache-Control"] == "no-store"
    figures = requests.get(f"{console.metrics_url}/metrics", timeout=5).text
    assert re.search(
        r'counterfoil_console_requests_total\{address="/v1/submissions",method="GET",status="200"\} 1', figures
    )
    assert "counterfoil_search_lag_seconds" in figures
    assert "counterfoil_outbox_waiting" in figures
    assert requests.get(f"{console.metrics_url}/livez", timeout=5).status_code == 200
    eventually(lambda: leases(engine) == {"search", "outbox", "retention", "spam"}, 10, "it has the leases")
    assert console.stop() == 0
    assert leases(engine) == set()
    assert '"level": "error"' not in console.log.read_text()


def test_it_steps_back_for_what_takes_submissions_in(console: ConsoleServer) -> None:
    expected = min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)
    processes = [console.pid, *descendants(console.pid)]
    assert {os.getpriority(os.PRIO_PROCESS, pid) for pid in processes} == {expected}


def test_only_who_has_a_key_for_it_is_let_in(console: ConsoleServer) -> None:
    refused = console.ask("/v1/submissions", key=None)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert console.ask("/v1/submissions", key="cf_wrong").status_code == 401
    other = console.ask("/v1/submissions", key=OPERATOR_KEY)
    assert (other.status_code, other.json()["errors"][0]["code"]) == (403, "SCOPE")
    assert console.ask("/nowhere", key=None).status_code == 404
    posted = console.ask("/v1/submissions", method="POST", json={})
    assert (posted.status_code, sorted(posted.headers["Allow"].split(", "))) == (405, ["GET", "HEAD"])


def test_a_worker_that_dies_is_replaced(engine: Engine, console: ConsoleServer) -> None:
    (worker,) = descendants(console.pid)
    os.kill(worker, 9)
    eventually(lambda: console.answers("/v1/submissions"), 30, "another worker answers")
    assert requests.get(f"{console.metrics_url}/livez", timeout=5).status_code == 200


def test_it_stays_while_its_database_is_away_and_comes_back(
    server_directory: Path, broker_url: str, tmp_path: Path
) -> None:
    with Postgres(server_directory / "mortal-postgres-of-console") as server:
        url = server.create_database("console")
        with (
            migrated(url) as engine,
            ConsoleServer(tmp_path, database_url=url, broker_url=broker_url) as console,
        ):
            store(engine, an_event(name="Ada"))
            assert console.answers("/v1/submissions")
            server.kill()
            away = console.ask("/v1/submissions")
            assert (away.status_code, away.headers["Retry-After"]) == (503, "5"), away.text
            assert away.headers["Content-Type"] == "application/problem+json"
            assert requests.get(f"{console.metrics_url}/livez", timeout=10).status_code == 200
            server.start()
            eventually(lambda: console.answers("/v1/submissions"), 60, "it answers again")
        server.drop()


def test_all_that_is_wrong_with_its_settings_is_said_at_once(tmp_path: Path) -> None:
    wrong = {
        "COUNTERFOIL_CONSOLE_BIND": "nowhere",
        "COUNTERFOIL_CONSOLE_PROXIES": "gateway",
        "COUNTERFOIL_CONSOLE_REQUESTS": "1",
        "COUNTERFOIL_API_KEY_HASHES": "cf_a-key",
        "COUNTERFOIL_PUBLIC_URL": "example.org",
        "COUNTERFOIL_DATABASE_URL": "mysql://x",
    }
    done = subprocess.run(
        [sys.executable, "-m", "storage_service", "console"],
        env=clean_environment() | wrong,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert all(name in done.stderr for name in (*wrong, "COUNTERFOIL_BROKER_URL")), done.stderr
    assert "cf_a-key" not in done.stderr


def indexed(engine: Engine) -> int:
    with reading(engine).connect() as connection:
        return connection.execute(select(func.count()).select_from(search_entries)).scalar_one()


def leases(engine: Engine) -> set[str]:
    with reading(engine).connect() as connection:
        return set(connection.scalars(select(LEASES.c.name)))
