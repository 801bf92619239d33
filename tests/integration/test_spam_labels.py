"""What people do with submissions says which of them are spam, and who said so, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, select

from shared.contracts import SubmissionAccepted, Verdict
from shared.database import reading
from storage_service.erasing import Erasing
from storage_service.spam.labels import Label, label
from storage_service.tables import SPAM, submissions
from storage_service.work import Change, Work
from support.erasures import ERASER
from support.events import an_event
from support.submission_databases import migrated, store
from support.working import an_asker, record_of

ADA, BOB = an_asker(), an_asker(name="bob@example.org")
NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def work(engine: Engine) -> Work:
    return Work(engine)


def stored(engine: Engine, spam: str | None = None) -> SubmissionAccepted:
    event = replace(an_event(), spam=spam)
    store(engine, event)
    return event


def said(engine: Engine, key: UUID) -> tuple[bool, str, str] | None:
    with reading(engine).connect() as connection:
        row = connection.execute(select(SPAM.labels).where(SPAM.labels.c.submission_id == key)).one_or_none()
    return None if row is None else (row.is_spam, row.how, row.author)


def test_marks_are_labels_of_who_made_them(engine: Engine, work: Work) -> None:
    one, other = stored(engine), stored(engine, "score")
    assert said(engine, one.id) is None
    work.spam(one.id, ADA)
    work.not_spam(other.id, BOB)
    assert said(engine, one.id) == (True, "mark", ADA.name)
    assert said(engine, other.id) == (False, "mark", BOB.name)
    work.not_spam(one.id, BOB)
    assert said(engine, one.id) == (False, "mark", BOB.name)


def test_who_confirms_what_is_so_says_it_and_changes_nothing(engine: Engine, work: Work) -> None:
    held, good = stored(engine, "honeypot"), stored(engine)
    assert work.spam(held.id, ADA).version == 1
    assert work.not_spam(good.id, ADA).version == 1
    assert said(engine, held.id) == (True, "mark", ADA.name)
    assert said(engine, good.id) == (False, "mark", ADA.name)
    work.not_spam(good.id, BOB)
    assert said(engine, good.id) == (False, "mark", ADA.name), "it was said before"


def test_a_reply_and_closing_say_that_it_is_none(engine: Engine, work: Work) -> None:
    answered, closed, held = stored(engine), stored(engine), stored(engine, "rule:words")
    work.replied(answered.id, ADA)
    work.change(closed.id, Change(state="done"), ADA)
    work.change(held.id, Change(state="done"), ADA)
    assert said(engine, answered.id) == (False, "reply", ADA.name)
    assert said(engine, closed.id) == (False, "done", ADA.name)
    assert said(engine, held.id) is None, "spam that is closed is spam"
    work.change(closed.id, Change(state="open"), ADA)
    assert said(engine, closed.id) is None


def test_a_mark_outranks_a_reply_and_closing_whichever_came_first(engine: Engine, work: Work) -> None:
    first, second = stored(engine), stored(engine)
    work.spam(first.id, ADA)
    work.replied(first.id, BOB)
    work.replied(second.id, BOB)
    work.spam(second.id, ADA)
    assert said(engine, first.id) == said(engine, second.id) == (True, "mark", ADA.name)


def test_many_at_once_say_the_same_and_undo_takes_it_back(engine: Engine, work: Work) -> None:
    keys, job = [stored(engine).id for _ in range(3)], uuid4()
    work.replied(keys[0], BOB)
    with engine.begin() as connection:
        done = work.change_many(connection, keys, Change(spam=True), ADA, job)
    assert {said(engine, key) for key in keys} == {(True, "mark", ADA.name)}
    work.change(keys[2], Change(starred=True), BOB)
    with engine.begin() as connection:
        work.take_back(connection, done, ADA, job)
    assert [said(engine, key) for key in keys] == [None, None, (True, "mark", ADA.name)]
    with engine.begin() as connection:
        closed = work.change_many(connection, keys[:2], Change(state="done"), ADA, job)
    assert said(engine, keys[0]) == (False, "done", ADA.name)
    with engine.begin() as connection:
        work.take_back(connection, closed, ADA, job)
    assert said(engine, keys[0]) is None


def test_of_many_each_is_said_once(engine: Engine) -> None:
    labels = [Label(stored(engine).id, "signup", is_spam=bool(number % 2), how="mark") for number in range(10)]
    with engine.begin() as connection:
        assert label(connection, labels, ADA, NOW) == 10
        assert label(connection, labels, BOB, NOW + timedelta(days=1)) == 0
        assert label(connection, [], BOB, NOW) == 0


def test_what_is_refused_leaves_no_label(engine: Engine, work: Work) -> None:
    event = stored(engine)
    with pytest.raises(Exception, match="version 1"):
        work.change(event.id, Change(spam=True), ADA, version=7)
    assert said(engine, event.id) is None


@pytest.mark.parametrize("way", ["erase", "anonymise"])
def test_a_label_goes_with_its_submission(engine: Engine, work: Work, way: str) -> None:
    event, other = stored(engine), stored(engine)
    for one in (event, other):
        work.spam(one.id, ADA)
    erasing = Erasing(engine)
    if way == "erase":
        erasing.erase([event.id], ERASER)
    else:
        with engine.begin() as connection:
            erasing.anonymise_within(connection, [event.id], {}, ERASER)
        work.not_spam(event.id, ADA)
    assert said(engine, event.id) is None, "what is anonymous has no text any more that could teach anything"
    assert said(engine, other.id) is not None


def test_the_verdict_of_the_gateway_is_kept_and_goes_when_it_is_erased(engine: Engine) -> None:
    verdict = Verdict(87, "12-3fa94c01", ("links:3:2", 'word:ca"sino'))
    judged, other = replace(an_event(), verdict=verdict), an_event()
    store(engine, judged, other)
    record = record_of(engine, judged.id)
    assert (record.score, record.score_model, tuple(record.score_reasons or ())) == (87, verdict.model, verdict.reasons)
    assert record_of(engine, other.id).score_reasons is None
    with engine.begin() as connection:
        Erasing(engine).anonymise_within(connection, [judged.id], {}, ERASER)
    assert (record_of(engine, judged.id).score, record_of(engine, judged.id).score_reasons) == (87, None)
    Erasing(engine).erase([judged.id], ERASER)
    with reading(engine).connect() as connection:
        columns = (submissions.c.score, submissions.c.score_model, submissions.c.score_reasons)
        row = connection.execute(select(*columns).where(submissions.c.id == judged.id)).one()
    assert tuple(row) == (None, None, None)
