"""Spam is kept, and listed apart from what people wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from bench.many_submissions import fill
from shared import database
from shared.contracts import SubmissionAccepted
from storage_service.queries import SubmissionQueries
from storage_service.store.repository import SubmissionRepository
from storage_service.tables import MIGRATIONS
from support.events import ACCEPTED_AT, an_event
from support.submission_databases import migrated

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


def store(engine: Engine, *events: SubmissionAccepted) -> None:
    with SubmissionRepository(engine).transaction() as rows:
        rows.insert(events, stored_at=NOW)


def listed(engine: Engine, **params: Any) -> list[str]:
    answer = SubmissionQueries(engine).page({"form": "signup", "limit": 50, "cursor": None} | params)
    return [one["id"] for one in answer["submissions"]]


def test_a_list_shows_what_people_wrote_or_else_what_is_spam(engine: Engine) -> None:
    written = an_event(name="a person")
    spam = replace(an_event(name="a robot"), spam="honeypot", accepted_at=ACCEPTED_AT + timedelta(seconds=1))
    store(engine, written, spam)
    assert listed(engine) == listed(engine, spam=False) == [str(written.id)]
    assert listed(engine, spam=True) == [str(spam.id)]


def test_one_submission_says_what_gave_it_away(engine: Engine) -> None:
    spam = replace(an_event(), spam="honeypot")
    store(engine, spam)
    queries = SubmissionQueries(engine)
    assert queries.submission({"id": str(spam.id)})["submission"]["spam"] == "honeypot"
    assert queries.receipt({"id": str(spam.id)})["stored_at"] is not None


@pytest.mark.parametrize(
    ("params", "index"), [({}, "submissions_by_form"), ({"spam": True}, "submissions_spam_by_form")]
)
def test_each_list_is_read_from_an_index_of_its_own(engine: Engine, params: dict[str, Any], index: str) -> None:
    fill(engine, 5_000)
    statement = SubmissionQueries.select_page({"form": "form1"} | params).limit(50)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":  # which sorts a few rows, unless it must not
            connection.execute(text("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off"))
        prefix = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        compiled = statement.compile(engine, compile_kwargs={"literal_binds": True})
        plan = str(connection.execute(text(f"{prefix} {compiled}")).all())
    assert f"{index} " in plan
    assert "SORT" not in plan.upper()
    assert "B-TREE" not in plan.upper()


def test_what_was_stored_before_is_no_spam_and_survives_the_way_back(empty_database_url: str) -> None:
    engine = database.create(empty_database_url)
    before = an_event()
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", MIGRATIONS.location)
        command.upgrade(config, "0001")
        connection.execute(
            text("INSERT INTO submissions VALUES (:id, 'signup', :at, :at, '{}', :fingerprint, '{}', '{}')"),
            {"id": before.id.hex, "at": "2026-11-22T17:03:44.123456Z", "fingerprint": before.fingerprint},
        )
    MIGRATIONS.upgrade(engine)
    assert listed(engine) == [str(before.id)]
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        assert connection.execute(text("SELECT count(*) FROM submissions")).scalar_one() == 1
    engine.dispose()
