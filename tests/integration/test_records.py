"""Pages, one, counts and all of the submissions, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from shared.query import parse
from storage_service.records import (
    Count,
    Cursor,
    CursorError,
    Page,
    QueryTookTooLong,
    Record,
    Records,
    batches,
    bounded,
    search,
)
from support.events import WRITTEN_AT, an_event
from support.submission_databases import NOW, migrated, store

ALL = None


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def records(engine: Engine) -> Records:
    return Records(engine, clock=lambda: NOW + timedelta(minutes=1))


def stored(engine: Engine, *names: int, form: str = "signup") -> None:
    """Store submissions, of which three at a time were accepted at once; each is called by its number."""
    moments = {name: WRITTEN_AT + timedelta(microseconds=name // 3) for name in names}
    store(engine, *(replace(an_event(form=form, name=str(one)), accepted_at=at) for one, at in moments.items()))


def names(rows: Page | list[Record]) -> list[str]:
    return [str(one.fields["name"]) for one in (rows.rows if isinstance(rows, Page) else rows)]


@pytest.mark.parametrize("limit", [1, 3, 7, 14, 200])
def test_pages_hold_everything_once_newest_first_both_ways(engine: Engine, records: Records, limit: int) -> None:
    stored(engine, *range(14))
    everything = names(list(records.each(None, ALL)))
    page = records.page(forms=ALL, limit=limit)
    assert page.previous is None
    pages = [page]
    while page.next:
        page = records.page(forms=ALL, limit=limit, cursor=page.next)
        pages.append(page)
    assert [name for page in pages for name in names(page)] == everything
    assert [int(one) // 3 for one in everything] == sorted((one // 3 for one in range(14)), reverse=True)
    back = [pages[-1]]
    while back[-1].previous:
        back.append(records.page(forms=ALL, limit=limit, cursor=back[-1].previous))
    assert list(map(names, reversed(back))) == list(map(names, pages))


def test_a_page_stays_where_it_is_while_more_comes(engine: Engine, records: Records) -> None:
    stored(engine, 0, 3, 6, 9)
    first = records.page(forms=ALL, limit=2)
    stored(engine, 12, 15, 18)
    assert names(records.page(forms=ALL, limit=2, cursor=first.next)) == ["3", "0"]
    assert first.previous is None
    second = records.page(forms=ALL, limit=2, cursor=first.next)
    newer = records.page(forms=ALL, limit=3, cursor=second.previous)
    assert names(newer) == ["12", "9", "6"], "beside the page, not the newest of all"
    assert names(records.page(forms=ALL, limit=3, cursor=newer.previous)) == ["18", "15"]


def test_who_polls_gets_each_once_oldest_first(engine: Engine, records: Records) -> None:
    at = Cursor.beginning()
    assert records.page(forms=ALL, limit=2, after=at) == Page([], next=at)
    stored(engine, 0, 3, 6)
    page = records.page(forms=ALL, limit=2, after=at)
    assert (len(page.rows), page.is_last) == (2, False)
    rest = records.page(forms=ALL, limit=2, after=page.next)
    assert (len(rest.rows), rest.is_last) == (1, True)
    assert sorted(names(page) + names(rest)) == ["0", "3", "6"]
    assert names(records.page(forms=ALL, limit=2, after=rest.next)) == []


def test_who_polls_is_not_shown_what_may_have_been_overtaken(engine: Engine) -> None:
    stored(engine, 0)
    just_now, later = NOW + search.SETTLED / 2, NOW + search.SETTLED
    for clock, expected in ((just_now, []), (later, ["0"])):
        records = Records(engine, clock=lambda clock=clock: clock)  # type: ignore[misc]
        assert names(records.page(forms=ALL, limit=9, after=Cursor.beginning())) == expected


def test_forms_of_others_are_as_if_they_did_not_exist(engine: Engine, records: Records) -> None:
    stored(engine, 1, form="mine")
    stored(engine, 2, form="others")
    [others] = records.page(parse("form:others"), forms=ALL, limit=9).rows
    mine = frozenset(["mine"])
    assert names(records.page(forms=mine, limit=9)) == ["1"]
    assert (
        records.page(parse("form:others OR -form:others"), forms=mine, limit=9).rows
        == records.page(forms=mine, limit=9).rows
    )
    assert names(list(records.each(parse("form:others"), mine))) == []
    assert records.count(None, mine) == Count(1, is_exact=True)
    assert (records.one(others.id, mine), records.one(others.id, ALL)) == (None, others)
    assert records.one(uuid4(), ALL) is None
    assert names(records.page(forms=frozenset(), limit=9)) == []


def test_a_count_is_exact_up_to_what_is_asked(engine: Engine, records: Records) -> None:
    stored(engine, *range(12))
    assert str(records.count(None, ALL)) == "12"
    assert records.count(None, ALL, most=12) == Count(12, is_exact=True)
    assert str(records.count(None, ALL, most=11)) == "11+"
    assert records.count(None, ALL, most=None) == Count(12, is_exact=True)
    assert str(Count(1000, is_exact=False)) == "1,000+"


def test_all_are_read_in_several_transactions(
    engine: Engine, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(engine, *range(20))
    expected = names(records.page(forms=ALL, limit=50))
    monkeypatch.setattr(batches, "BATCH_ROWS", 7)
    reading = records.each(None, ALL)
    first = next(reading)
    assert engine.pool.checkedout() == 0, "no connection is held while who reads is slow"  # type: ignore[attr-defined]
    assert names([first, *reading]) == expected
    monkeypatch.setattr(batches, "BATCH_CHARACTERS", 1)
    assert names(list(records.each(None, ALL))) == expected, "one at a time"


def test_what_is_no_cursor_is_refused() -> None:
    right = str(Cursor.beginning())
    wrong = [
        "",
        "x",
        "x" * 35,
        "A" * 35,
        "x" * 10_000_000,
        "_" * 35,
        "AgA" + "A" * 32,
        "\u00e9" * 35,
        right + "=",
        right[:-1],
    ]
    for one in wrong:
        with pytest.raises(CursorError, match="expected a cursor"):
            Cursor.read(one)


def test_a_cursor_is_read_as_it_was_written() -> None:
    for moment in (datetime(1, 1, 1, tzinfo=UTC), NOW, datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)):
        cursor = Cursor("older", moment, UUID(int=2**128 - 1))
        assert Cursor.read(str(cursor)) == cursor


def test_a_cursor_of_the_other_order_is_refused(records: Records) -> None:
    with pytest.raises(CursorError, match="after"):
        records.page(forms=ALL, limit=1, cursor=Cursor.beginning())
    with pytest.raises(CursorError, match="same order"):
        records.page(forms=ALL, limit=1, after=Cursor("older", NOW, uuid4()))


def test_a_query_that_takes_too_long_is_ended(engine: Engine) -> None:
    counting = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    endless = text("SELECT pg_sleep(30)" if engine.dialect.name == "postgresql" else counting)
    with (
        pytest.raises(QueryTookTooLong, match=r"more than 0\.2 s"),
        bounded.Reader(engine, 0.2).connection() as reading,
    ):
        reading.execute(endless)
