"""What a query can be completed with, and what has come in since a moment: on both databases, for who may see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine

from shared.messaging.failures import DependencyUnavailable
from shared.query import parse
from storage_service.records import Hints, Records
from storage_service.records.hints import LABELS_MOST
from storage_service.records.index.lag import RecentLag
from storage_service.store.repository import SubmissionRepository
from storage_service.work import Change, Work
from support.events import an_event
from support.search_rows import indexed
from support.submission_databases import NOW, migrated, store
from support.working import an_asker

SIGNUP = frozenset({"signup"})


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


def test_each_label_once_and_only_of_forms_that_may_be_seen(engine: Engine) -> None:
    events = [an_event(n=number) for number in range(5)]
    other = an_event(form="contact")
    store(engine, *events, other)
    work, by = Work(engine), an_asker()
    for one in events:
        work.change(one.id, Change(add_labels=("Urgent", f"n{events.index(one)}")), by)
    work.change(other.id, Change(add_labels=("secret",)), by)
    hints = Hints(engine)
    assert hints.labels(None) == ["n0", "n1", "n2", "n3", "n4", "secret", "urgent"]
    assert hints.labels(SIGNUP) == ["n0", "n1", "n2", "n3", "n4", "urgent"]
    assert (hints.labels(frozenset()), hints.labels(frozenset({"gone"}))) == ([], [])


def test_no_more_labels_than_are_shown(engine: Engine) -> None:
    events = [an_event(n=number) for number in range(LABELS_MOST // 20 + 1)]
    store(engine, *events)
    for number, one in enumerate(events):
        labels = tuple(f"label {number:02} {i:02}" for i in range(20))
        Work(engine).change(one.id, Change(labels=labels), an_asker())
    assert len(Hints(engine).labels(None)) == LABELS_MOST
    assert len(Hints(engine).labels(SIGNUP)) == LABELS_MOST


def test_no_label_at_all(engine: Engine) -> None:
    assert (Hints(engine).labels(None), Hints(engine).fields(None)) == ([], [])


def test_the_names_of_fields_of_the_newest(engine: Engine) -> None:
    store(engine, an_event(name="x", topic="y"), an_event(form="contact", secret="z"))
    assert set(Hints(engine).fields(None)) == {"name", "topic", "secret"}
    assert set(Hints(engine).fields(SIGNUP)) == {"name", "topic"}


def test_what_arrived_since_a_moment_and_matches(engine: Engine) -> None:
    early, late = an_event(name="early"), [an_event(name=f"late {n}") for n in range(3)]
    spam, other = replace(an_event(), spam="honeypot"), an_event(form="contact", name="late")
    store(engine, early)
    _stored_at(engine, 1, *late)
    _stored_at(engine, 2, spam, other)
    indexed(engine)
    records = Records(engine)

    def arrived(text: str, forms: frozenset[str] | None = None, most: int = 10) -> set[UUID]:
        return set(records.arrived(parse(text), forms, NOW, most))

    assert arrived("") == {one.id for one in (*late, spam, other)}
    assert arrived("-is:spam", SIGNUP) == {one.id for one in late}
    assert arrived("late") == {one.id for one in (*late, other)}
    assert arrived("early") == set()
    assert len(arrived("", most=2)) == 2
    assert records.arrived(None, None, NOW + timedelta(seconds=1), 10)


def test_the_lag_is_asked_for_once_a_moment() -> None:
    asked, away = list[int](), False

    def lag_s() -> float:
        asked.append(1)
        if away:
            raise DependencyUnavailable("away")
        return 2.5

    recent = RecentLag(lag_s, remembered_s=60)
    assert [recent() for _ in range(5)] == [2.5] * 5
    assert len(asked) == 1
    away = True
    assert RecentLag(lag_s, remembered_s=0)() == 0.0


def _stored_at(engine: Engine, seconds: int, *batch: object) -> None:
    with SubmissionRepository(engine).transaction() as rows:
        rows.insert(batch, stored_at=NOW + timedelta(seconds=seconds))  # type: ignore[arg-type]
