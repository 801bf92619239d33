"""Each list of submissions is read by an index: a plan that reads all of a large table fails."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from bench.many_submissions import fill
from dev.postgres import Postgres
from shared.query import parse
from storage_service.records import Cursor, Records
from support.plans import plans_of, scans_in
from support.submission_databases import migrated

ROWS = 40_000
MIDDLE = Cursor("older", datetime(2026, 1, 1, 5, tzinfo=UTC), UUID(int=18_000))
SOME = frozenset(["form3", "rare"])
ME = "ada@example.org"
IN_ORDER = re.compile("submissions_by_acceptance|Sort Key|ORDER BY")

LINES = """\

form:form7
form:rare
form:form7 -is:spam
is:spam
is:spam form:form1
-is:spam
needle
common
missing
word17
word17 common -needle
word123*
wor*
wor* needle
from:sen*
field.name:wor*
"word17 common"
"common needle"
word17 OR needle
needle OR form:rare
-common
-(needle OR word17)
from:ada@example.org
from:sender
from:"sender example"
field.name:needle
field.name:="word17 common"
field.guests:>98
field.guests:>5
field.guests:<1
field.guests:7
field.consent:yes
field.day:>=2026-11-29
is:failed
is:held
is:held OR is:failed
-is:failed
after:2026-01-01 before:2026-01-02
last:2h
on:2026-01-01 needle
has:file
has:file form:rare
-has:file
has:file needle
is:new
is:open
is:done
-is:done
is:new form:rare
is:new -is:spam form:form7
is:starred
-is:starred
is:starred is:open
label:seldom
label:often
label:missing
-label:often
label:seldom OR label:often
label:seldom OR label:missing OR is:failed OR is:held OR needle
label:often is:open
assigned:me
assigned:bob@example.org
assigned:nobody@example.org
assigned:none
-assigned:me
assigned:me is:done
has:reply
-has:reply
has:reply needle
is:imported
is:imported form:rare
-is:imported
is:unconfirmed
is:unconfirmed form:rare
is:unconfirmed -is:spam
-is:unconfirmed
is:new -is:spam -is:unconfirmed
form:form7 -is:spam -is:unconfirmed
is:new -is:spam -(is:unconfirmed (form:form3 OR form:rare))
score:>60
score:>99
score:80
score:<5 form:rare
-score:>60
score:>60 needle
is:spam score:<50
"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('plans') / 'test.db'}"
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.create_database("test_records_plans")
    with migrated(url) as made:
        fill(made, ROWS)
        yield made


@pytest.mark.parametrize("line", LINES.splitlines())
@pytest.mark.parametrize("forms", [None, SOME], ids=["all forms", "some forms"])
def test_no_list_reads_all_of_a_table(engine: Engine, line: str, forms: frozenset[str] | None) -> None:
    records, query, now = Records(engine), parse(line), datetime(2026, 1, 1, 11, tzinfo=UTC)
    page = partial(records.page, query, forms=forms, limit=50, now=now, me=ME)
    asked: list[Callable[[], object]] = [
        page,
        lambda: page(cursor=MIDDLE),
        lambda: page(cursor=MIDDLE.on("newer")),
        lambda: page(after=Cursor.beginning()),
        lambda: records.count(query, forms, now=now, me=ME),
        lambda: next(iter(records.each(query, forms, now=now, me=ME)), None),
    ]
    for ask in asked:
        begun = time.monotonic()
        plans = plans_of(engine, ask)
        print(f"{time.monotonic() - begun:.3f} s")
        print(*plans, sep="\n")
        assert plans
        assert not scans_in(engine, plans)


def test_one_is_read_by_its_key(engine: Engine) -> None:
    plans = plans_of(engine, lambda: Records(engine).one(UUID(int=7), SOME))
    assert not scans_in(engine, plans)


def test_what_few_have_is_counted_as_it_is_gathered_and_what_many_have_in_order(engine: Engine) -> None:
    def counted(line: str) -> str:
        return plans_of(engine, lambda: Records(engine).count(parse(line), None))[-1]

    is_ordered = {line: bool(IN_ORDER.search(counted(line))) for line in ("word123*", "wor*")}
    assert is_ordered == {
        "word123*": engine.dialect.name == "sqlite",  # PostgreSQL gathers what so few have
        "wor*": True,
    }


@pytest.mark.parametrize(("beginning", "have"), [("word123", 88), ("word12", 888), ("word1", 8_888)])
def test_postgresql_knows_how_many_have_a_word_that_begins_so(engine: Engine, beginning: str, have: int) -> None:
    if engine.dialect.name == "sqlite":
        return  # it asks before: see `records.index.words`
    found = text("EXPLAIN SELECT 1 FROM search_words WHERE tokens @@ CAST(:begins AS tsquery)")
    with engine.connect() as connection:
        expected = connection.scalars(found, {"begins": f"{beginning}:*"}).all()[0]
    assert have / 2 < int(expected.rpartition("rows=")[2].split()[0]) < have * 2


def test_what_is_new_in_a_form_is_found_in_one_index(engine: Engine) -> None:
    [plan] = plans_of(engine, lambda: Records(engine).page(parse("form:form7 is:new"), forms=None, limit=50))
    assert "submissions_by_form" in plan
    if engine.dialect.name == "postgresql":
        assert "Index Cond: ((form = 'form7'::text) AND (state = 'new'::text))" in plan
