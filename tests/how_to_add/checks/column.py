"""The platform, the column that `docs/how-to-add.md` adds, comes from the request into the table and into `/v1`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from shared.contracts import SubmissionAccepted, decode
from storage_service.tables import MIGRATIONS, submissions
from support.console_app import ConsoleApp, a_console
from support.events import an_event
from support.exported import json_lines
from support.gateway_app import GOOD, a_gateway
from support.submission_databases import migrated, store


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with migrated(f"sqlite:///{tmp_path}/storage.db") as engine:
        yield engine


@pytest.fixture
def console(tmp_path: Path, engine: Engine) -> ConsoleApp:
    return a_console(engine, tmp_path)


def test_what_the_request_says_is_stored_and_shown(tmp_path: Path, engine: Engine, console: ConsoleApp) -> None:
    gateway = a_gateway(tmp_path)
    gateway.submitted("signup", GOOD, {"Sec-CH-UA-Platform": '"Windows"'})
    [event] = gateway.published()
    store(engine, event)
    assert console.json(f"/v1/submissions/{event.id}")["platform"] == '"Windows"'
    assert console.json("/v1/forms/signup/submissions")["submissions"][0]["platform"] == '"Windows"'
    assert json_lines(console.ask("/v1/export?format=ndjson").data)[0]["platform"] == '"Windows"'
    with engine.connect() as connection:
        assert connection.execute(text("SELECT platform FROM submissions")).scalar_one() == '"Windows"'


def test_an_event_of_before_is_taken_all_the_same(engine: Engine, console: ConsoleApp) -> None:
    body = an_event().encode().replace(b',"platform":null', b"")
    assert b"platform" not in body
    event = decode(body, type=SubmissionAccepted.TYPE, types=(SubmissionAccepted,))
    store(engine, event)
    assert console.json(f"/v1/submissions/{event.id}")["platform"] is None


def test_the_table_is_as_the_migrations_make_it(engine: Engine) -> None:
    made = [column["name"] for column in inspect(engine).get_columns("submissions")]
    assert sorted(made) == sorted(submissions.c.keys())  # the database has them in the order in which they came
    assert not MIGRATIONS.pending(engine)


def test_openapi_describes_what_is_shown(engine: Engine, console: ConsoleApp) -> None:
    event = an_event()
    store(engine, event)
    described = console.json("/v1/openapi.json")["components"]["schemas"]
    assert console.json(f"/v1/submissions/{event.id}").keys() == described["WholeSubmission"]["properties"].keys()
