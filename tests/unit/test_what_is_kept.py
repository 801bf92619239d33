"""docs/what-is-kept.md names every table and every column of both databases, and no other."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import MetaData

import notify_service.tables
import storage_service.tables
from shared.messaging.topology import (
    NOTIFY_HTTP,
    NOTIFY_REQUESTS,
    NOTIFY_SMTP,
    NOTIFY_SUBMISSIONS,
    STORAGE,
    WORK_QUEUES,
)
from support.service import ROOT

PAGE = (ROOT / "docs" / "what-is-kept.md").read_text()
DATABASES = {
    "Storage's database": storage_service.tables.metadata,
    "Notify's database": notify_service.tables.metadata,
}
CARRY_SUBMISSIONS = (STORAGE, NOTIFY_SUBMISSIONS, NOTIFY_REQUESTS, NOTIFY_SMTP, NOTIFY_HTTP)


def rows_below(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading, without its head."""
    section = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    return rows[2:]


def columns_in(page: str, heading: str) -> dict[str, set[str]]:
    """Return the columns that a page names, by their tables."""
    rows = rows_below(page, heading)
    return {"".join(re.findall(r"`(\w+)`", row[0])): set(re.findall(r"`(\w+)`", row[1])) for row in rows}


def columns_of(metadata: MetaData) -> dict[str, set[str]]:
    return {table.name: {column.name for column in table.c} for table in metadata.sorted_tables}


@pytest.mark.parametrize("heading", DATABASES)
def test_every_table_and_every_column_is_named(heading: str) -> None:
    assert columns_in(PAGE, heading) == columns_of(DATABASES[heading])


@pytest.mark.parametrize("heading", DATABASES)
def test_each_says_how_long_and_what_erasing_does(heading: str) -> None:
    for row in rows_below(PAGE, heading):
        assert len(row) == 5, row[0]
        assert all(cell.strip() for cell in row), row[0]


def test_a_column_that_is_not_named_is_found() -> None:
    without = PAGE.replace("**`recipient_hash`**, ", "")
    assert columns_in(without, "Notify's database") != columns_of(notify_service.tables.metadata)


def test_every_queue_that_carries_submissions_is_named() -> None:
    [queues] = [row[0] for row in rows_below(PAGE, "Everywhere else") if row[0].startswith("the broker's queues")]
    assert set(re.findall(r"`([\w.]+)`", queues)) == {work.name for work in CARRY_SUBMISSIONS}


def test_every_queue_of_work_is_named_and_what_it_is_parked_in() -> None:
    places = " ".join(row[0] for row in rows_below(PAGE, "Everywhere else"))
    queues = {name for work in WORK_QUEUES for name in (work.name, work.parked)}
    assert set(re.findall(r"`((?:storage|notify)[.][\w.]+)`", places)) == queues


def test_every_setting_that_it_names_is_one() -> None:
    settings = (ROOT / "docs" / "operations.md").read_text().partition("## Limits")[0]
    assert {name for name in re.findall(r"`(COUNTERFOIL_\w+)`", PAGE) if f"`{name}`" not in settings} == set()
