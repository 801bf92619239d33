"""The page about queries shows what is read, and what a mistake says."""

from __future__ import annotations

import re

import pytest

from shared.query import QueryError, parse, parse_for_event
from support.service import ROOT

PAGE = (ROOT / "docs/queries.md").read_text()
ROWS = re.findall(r"^\| (`.+`) \| (.+) \|$", PAGE, re.MULTILINE)
MISTAKES = {query.strip("`"): said for query, said in ROWS if said.startswith("at character")}
EXAMPLES = [query for queries, _ in ROWS for query in re.findall(r"`(.+?)`", queries) if query not in MISTAKES]


@pytest.mark.parametrize("query", EXAMPLES)
def test_an_example_is_read(query: str) -> None:
    parse(query)


@pytest.mark.parametrize("query", MISTAKES)
def test_a_mistake_says_what_the_page_says(query: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse(query)
    begin, _, end = MISTAKES[query].partition("…")
    assert str(raised.value).startswith(begin)
    assert str(raised.value).endswith(end)


def test_the_page_has_examples_of_everything() -> None:
    keys = ("form", "from", "field.", "has", "is", "label", "assigned", "after", "before", "on", "last", "score")
    assert [key for key in keys if not any(example.startswith(key) for example in EXAMPLES)] == []
    assert len(MISTAKES) >= 5


def test_what_a_route_cannot_ask_says_what_the_page_says() -> None:
    with pytest.raises(QueryError) as raised:
        parse_for_event("is:new")
    assert str(raised.value) in PAGE.replace("\n", " ")
