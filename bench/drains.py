"""Draining a backlog: the storage service beside a consumer that commits once a message."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text

from bench.contestants import Contestant, run_once
from bench.queues import Queues
from bench.report import Figure, Series
from bench.wrk import BenchFailed
from dev.processes import poll
from shared.messaging.topology import STORAGE

START_LIMIT_S = 60


@dataclass(frozen=True, slots=True)
class Drain:
    """One consumer over one database, and the table it fills."""

    contestant: Contestant
    table: str
    variables: Mapping[str, str]
    migrate: bool


def drains(broker_url: str, database_url: str) -> list[Drain]:
    """Return our storage service first, then its peer."""
    ours = {
        "COUNTERFOIL_BROKER_URL": broker_url,
        "COUNTERFOIL_DATABASE_URL": database_url,
        "COUNTERFOIL_LOG_LEVEL": "warning",
    }
    theirs = {"BROKER_URL": broker_url, "DATABASE_URL": driven(database_url), "QUEUE": STORAGE.name}
    peer = (sys.executable, "-m", "bench.peers.one_commit_a_message")
    return [
        Drain(
            Contestant("storage service", (sys.executable, "-m", "storage_service")), "submissions", ours, migrate=True
        ),
        Drain(Contestant("one commit a message", peer), "peer_submissions", theirs, migrate=False),
    ]


def measure_drains(
    directory: Path, broker_url: str, database_url: str, *, events: int, rounds: int, limit_s: float
) -> list[Series]:
    """Let each drain `events` waiting events in turn, for at most `limit_s` seconds a round."""
    queues = Queues(broker_url)
    engine = create_engine(driven(database_url))
    found = drains(broker_url, database_url)
    series = [Series(f"{each.contestant.name}, {engine.dialect.name}", "stored/s") for each in found]
    for number in range(1, rounds + 1):
        for drain, figures in zip(found, series, strict=True):
            queues.empty()
            queues.fill(STORAGE.name, events)
            per_s = _measure(drain, directory, queues, engine, limit_s)
            figures.add(Figure(per_s))
            print(f"  round {number}: {figures.name:<34}{per_s:>9.0f}/s", flush=True)
    queues.empty()
    engine.dispose()
    return series


def _measure(drain: Drain, directory: Path, queues: Queues, engine: Engine, limit_s: float) -> float:
    if drain.migrate:
        run_once((*drain.contestant.command, "migrate"), drain.variables)
    _clear(engine, drain.table)
    total = queues.waiting(STORAGE.name)
    with drain.contestant.running(directory, drain.variables):
        if not poll(lambda: queues.waiting(STORAGE.name) < total, START_LIMIT_S, every_s=0.05):
            raise BenchFailed(f"{drain.contestant.name} took nothing from the queue")
        poll(lambda: _rows(engine, drain.table) == total, limit_s, every_s=0.5)
    return _speed(engine, drain.table)


def _speed(engine: Engine, table: str) -> float:
    """Return the rows stored after the first commit, over the time from the first commit to the last."""
    with engine.connect() as connection:
        rows, after, first, last = connection.execute(
            text(
                f"SELECT count(*), count(*) FILTER (WHERE stored_at > (SELECT min(stored_at) FROM {table})), "  # noqa: S608 - a name of our own
                f"min(stored_at), max(stored_at) FROM {table}"
            )
        ).one()
    if not rows or not after:
        raise BenchFailed(f"{table} holds {rows} rows: too few to measure")
    return float(after / (_moment(last) - _moment(first)))


def _moment(value: datetime | str) -> float:
    return (datetime.fromisoformat(value) if isinstance(value, str) else value).timestamp()


def _clear(engine: Engine, table: str) -> None:
    with engine.begin() as connection:
        if engine.dialect.has_table(connection, table):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - a name of our own


def _rows(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        if not engine.dialect.has_table(connection, table):
            return 0
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 - a name of our own


def driven(database_url: str) -> str:
    """Return the URL as SQLAlchemy needs it: PostgreSQL by psycopg 3."""
    url = make_url(database_url)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)
