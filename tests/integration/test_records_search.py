"""A database finds what matching in memory finds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from shared.contracts import SubmissionAccepted
from shared.query import Query, parse
from storage_service.tables import submissions
from support.search_rows import LINES, QUERIES, SAMPLES, events, found, indexed, matched
from support.submission_databases import migrated, store


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


def test_the_same_lines_find_the_same_submissions(engine: Engine) -> None:
    store(engine, *SAMPLES)
    indexed(engine)
    wrong = {}
    for line in LINES.splitlines():
        query = parse(line)
        expected, actual = matched(SAMPLES, query), found(engine, query)
        if expected != actual:
            wrong[line] = (
                [event.fields for event in SAMPLES if event.id in expected - actual],
                [event.fields for event in SAMPLES if event.id in actual - expected],
            )
    assert not wrong


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=40)
@given(some=st.lists(events(), min_size=1, max_size=8), queries=st.lists(QUERIES, min_size=1, max_size=15))
def test_any_query_finds_the_same_of_any_submissions(
    engine: Engine, some: list[SubmissionAccepted], queries: list[Query]
) -> None:
    with engine.begin() as connection:
        connection.execute(delete(submissions))
    store(engine, *some)
    indexed(engine)
    for query in queries:
        assert found(engine, query) == matched(some, query), str(query)
