"""PostgreSQL dies before it has written down what the index was given: that is missing then, and is put in again."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, func, select

from dev.postgres import Postgres
from shared.messaging.failures import DependencyUnavailable
from shared.query import parse
from storage_service.records.index import indexer as module
from storage_service.records.index.indexer import Indexer
from storage_service.tables import search_entries
from support.events import an_event
from support.polling import eventually
from support.search_rows import found
from support.submission_databases import NOW, migrated, store


def entries_in(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(search_entries)) or 0


def turns(indexer: Indexer) -> bool:
    with contextlib.suppress(DependencyUnavailable):  # connections from before the crash
        return indexer.turn() > 0
    return False


def killed_with_entries(server: Postgres, engine: Engine, indexer: Indexer) -> set[object]:
    """Store some, put them into the index, and kill the server; return their ids once it lost them."""
    for word in ("ada", "bob", "carl", "dora", "emil"):  # its log may be written just before it dies
        events = [an_event(name=word) for _ in range(3)]
        store(engine, *events)
        before = entries_in(engine)
        assert indexer.turn() == 3
        server.kill()
        server.start()
        engine.dispose()
        if entries_in(engine) == before:
            return {one.id for one in events}
    raise AssertionError("no crash took anything")


def test_what_a_crash_took_out_of_it_is_put_in_again(server_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_BACK_EVERY_S", 0.0)
    with Postgres(server_directory / "postgres-of-index") as server:
        with psycopg.connect(server.url_of("postgres"), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
            connection.execute("SELECT pg_reload_conf()")
        with migrated(server.create_database("index")) as engine:
            indexer = Indexer(engine, clock=lambda: NOW)
            indexer.turn()  # it notes how far it has come
            lost = killed_with_entries(server, engine, indexer)
            assert found(engine, parse("ada OR bob OR carl OR dora OR emil")).isdisjoint(lost)
            eventually(lambda: turns(indexer), 30, "it has found what is missing")
            assert found(engine, parse("ada OR bob OR carl OR dora OR emil")) >= lost
