"""A database finds what matching in memory finds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from shared.contracts import SubmissionAccepted
from shared.query import Query, QueryError, parse
from storage_service.records import Records, search
from storage_service.tables import submissions
from support.pace import quickest_s
from support.search_rows import DONE, LINES, LINES_OF_WORK, QUERIES, SAMPLES, events, found, indexed, matched_with
from support.submission_databases import migrated, store
from support.worked_on import DEEDS, Did, work_on

WORK = list(zip(SAMPLES, DONE, strict=True))
ALL_LINES = [*LINES.splitlines(), *LINES_OF_WORK.splitlines()]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


def test_the_same_lines_find_the_same_submissions(engine: Engine) -> None:
    store(engine, *SAMPLES)
    work_on(engine, WORK)
    indexed(engine)
    wrong = {}
    for line in ALL_LINES:
        query = parse(line)
        expected, actual = matched_with(WORK, query), found(engine, query)
        if expected != actual:
            wrong[line] = (
                [event.fields for event in SAMPLES if event.id in expected - actual],
                [event.fields for event in SAMPLES if event.id in actual - expected],
            )
    assert not wrong


def test_each_line_about_work_finds_some_and_not_all() -> None:
    for line in LINES_OF_WORK.splitlines():
        assert 0 < len(matched_with(WORK, parse(line))) < len(WORK), line


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=40)
@given(
    some=st.lists(st.tuples(events(), DEEDS), min_size=1, max_size=8),
    queries=st.lists(QUERIES, min_size=1, max_size=15),
)
def test_any_query_finds_the_same_of_any_submissions(
    engine: Engine, some: list[tuple[SubmissionAccepted, Did]], queries: list[Query]
) -> None:
    with engine.begin() as connection:
        connection.execute(delete(submissions))
    store(engine, *(event for event, _ in some))
    work_on(engine, some)
    indexed(engine)
    for query in queries:
        assert found(engine, query) == matched_with(some, query), str(query)


@pytest.mark.parametrize("common", [1, 3])
def test_what_is_common_is_found_in_another_way(engine: Engine, common: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "COMMON", common)
    store(engine, *SAMPLES)
    work_on(engine, WORK)
    indexed(engine)
    for line in ALL_LINES:
        assert found(engine, parse(line)) == matched_with(WORK, parse(line)), line


@pytest.mark.parametrize("line", ["assigned:ada", 'assigned:"ada lovelace"', "word -assigned:@example.org"])
def test_what_can_be_nobodys_address_is_refused_at_its_place(engine: Engine, line: str) -> None:
    with pytest.raises(QueryError, match="expected me, none, or an address") as refused:
        found(engine, parse(line))
    assert refused.value.place.offset == line.index("assigned")


def test_me_is_refused_where_nobody_says_who_asks(engine: Engine) -> None:
    with pytest.raises(QueryError, match="nobody says who asks"):
        Records(engine).count(parse("assigned:me"), None)


@pytest.mark.parametrize("line", ["x" * 10_000, "(" * 200 + "ada" + ")" * 200, "ada " * 2500])
def test_what_is_too_long_or_too_deep_is_refused_at_once(line: str) -> None:
    def refuse() -> None:
        with pytest.raises(QueryError):
            parse(line)

    assert quickest_s(refuse) < 0.001
