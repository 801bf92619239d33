"""The console's OpenAPI document is true: schemathesis finds no undocumented answer, and no fault of the server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dev.broker import Broker
from storage_service.accounts.asker import SCOPES
from storage_service.accounts.keys import Keys
from support.console_server import ConsoleServer
from support.events import an_event
from support.fuzzed import checked
from support.submission_databases import migrated, store

SECONDS = (20, 60, 120)
"""How long it looks; longer only where the machine is so slow that it has come to no answer at all."""

SEED = 20261129


@pytest.fixture
def running(server_directory: Path, rabbitmq: Broker, tmp_path: Path) -> Iterator[tuple[ConsoleServer, str]]:
    url = f"sqlite:///{tmp_path / 'storage.db'}"
    with migrated(url) as engine:
        key = Keys(engine).add("fuzz", SCOPES, None, None)
        store(engine, *(an_event(name=f"somebody {i}", topic="a fault") for i in range(60)))
        store(engine, replace(an_event(form="contact", name="bad"), spam="honeypot"))
        with ConsoleServer(tmp_path, database_url=url, broker_url=rabbitmq.fresh_vhost()) as console:
            yield console, key


def test_every_answer_is_as_described(running: tuple[ConsoleServer, str], tmp_path: Path) -> None:
    console, key = running
    for seconds in SECONDS:
        done = checked(f"{console.url}/v1/openapi.json", key, tmp_path, seed=SEED, seconds=seconds)
        assert done.returncode == 0, done.stdout
        if " passed" in done.stdout:
            break
    else:
        raise AssertionError(done.stdout)
    assert '"level": "error"' not in console.log.read_text()
