"""What a reader sees of an export that breaks off, of a real console."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from requests.exceptions import ChunkedEncodingError
from sqlalchemy import text

from bench.many_submissions import fill
from dev.processes import descendants
from shared import database
from storage_service.accounts.keys import Keys
from support.console_server import ConsoleServer
from support.submission_databases import migrated

ROWS = 40_000
"""More than lies in the buffers between console and reader."""


@pytest.fixture
def console(sqlite_url: str, broker_url: str, tmp_path: Path) -> Iterator[ConsoleServer]:
    with migrated(sqlite_url) as engine:
        fill(engine, ROWS)
    with ConsoleServer(tmp_path, database_url=sqlite_url, broker_url=broker_url) as running:
        yield running


@pytest.mark.parametrize("format_", ["csv", "ndjson"])
def test_an_export_that_breaks_off_ends_without_its_last_chunk(
    console: ConsoleServer, sqlite_url: str, format_: str
) -> None:
    engine = database.create(sqlite_url)
    key = Keys(engine).add("exporter", ["export"], None, None)
    with console.ask(f"/v1/export?format={format_}", key, stream=True) as answer:
        assert answer.headers["X-Rows-Expected"] == str(ROWS)
        chunks = answer.iter_content(1000)
        assert next(chunks)
        if format_ == "csv":  # the console's machine goes
            (worker,) = descendants(console.pid)
            os.kill(worker, 9)
        else:  # its database does
            with engine.begin() as connection:
                connection.execute(text("ALTER TABLE submissions RENAME TO away"))
        with pytest.raises(ChunkedEncodingError):
            list(chunks)
    engine.dispose()


def test_a_console_that_is_told_to_end_breaks_off_what_takes_longer(console: ConsoleServer, sqlite_url: str) -> None:
    engine = database.create(sqlite_url)
    key = Keys(engine).add("exporter", ["export"], None, None)
    with console.ask("/v1/export", key, stream=True) as answer:
        chunks = answer.iter_content(1000)
        assert next(chunks)
        assert console.stop() == 0
        with pytest.raises(ChunkedEncodingError):
            list(chunks)
    engine.dispose()
